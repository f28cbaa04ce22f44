// The fields of an MQTT packet with their places and values, from what the decoder found (MQTT 3.1.1 §3).

import Bytes
import MQTT

/// Puts fields one behind the other.
private struct FieldList {
    var fields: [Description.Field] = []
    var offset = 0

    mutating func add(_ name: String, _ byteCount: Int, _ value: String) {
        fields.append(Description.Field(range: offset..<offset + byteCount, name: name, value: value))
        offset += byteCount
    }

    /// A field behind its two octets of length; `range` leaves the length out.
    mutating func add(_ name: String, _ range: ByteRange, _ value: String) {
        fields.append(Description.Field(range: range.lowerBound - 2..<range.upperBound, name: name, value: value))
        offset = range.upperBound
    }
}

extension Packet {
    /// All fields, fixed header included; `frame` is what the packet was decoded from.
    func fields(of frame: RawSpan) -> [Description.Field] {
        var list = FieldList()
        var headerByteCount = 2
        while headerByteCount < 5, let octet = frame.byte(at: headerByteCount - 1), octet >= 0x80 {
            headerByteCount += 1
        }
        list.add("Type and flags", 1, type.specificationName + flagWords)
        list.add("Remaining Length", headerByteCount - 1, "\(frame.byteCount - headerByteCount)")
        func text(_ range: ByteRange) -> String { ForeignText.quoted(frame.copy(of: range)) }
        switch self {
        case .connect(let connect): connect.add(to: &list, frame)
        case .connectAcknowledgement(let answer):
            list.add("Flags", 1, answer.sessionPresent ? "session present" : "no session present")
            list.add("Return code", 1, answer.returnCode.words)
        case .publish(let publish):
            list.add("Topic Name", publish.topicName, text(publish.topicName))
            if publish.packetID != 0 { list.add("Packet Id", 2, "\(publish.packetID)") }
            list.add("Payload", publish.payload.count, PayloadWords.text(frame.copy(of: publish.payload)))
        case .publishAcknowledgement(let id), .publishReceived(let id), .publishRelease(let id),
            .publishComplete(let id), .unsubscribeAcknowledgement(let id):
            list.add("Packet Id", 2, "\(id)")
        case .subscribe(let request):
            list.add("Packet Id", 2, "\(request.packetID)")
            for part in request.parts(of: frame) {
                list.add("Topic Filter", part.filter, text(part.filter))
                list.add("Requested QoS", 1, part.qos.words)
            }
        case .subscribeAcknowledgement(let answer):
            list.add("Packet Id", 2, "\(answer.packetID)")
            for code in frame.copy(of: answer.returnCodes) {
                list.add("Return code", 1, SubscribeAcknowledgement.words(for: code))
            }
        case .unsubscribe(let request):
            list.add("Packet Id", 2, "\(request.packetID)")
            for part in request.parts(of: frame) { list.add("Topic Filter", part, text(part)) }
        case .pingRequest, .pingResponse, .disconnect: break
        }
        return list.fields
    }

    private var flagWords: String {
        guard case .publish(let publish) = self else { return "" }
        return ", \(publish.qos.words)" + (publish.duplicate ? ", DUP" : "") + (publish.retain ? ", retained" : "")
    }
}

extension Connect {
    fileprivate func add(to list: inout FieldList, _ frame: RawSpan) {
        func text(_ range: ByteRange) -> String { ForeignText.quoted(frame.copy(of: range)) }
        list.add("Protocol Name", 6, "\"MQTT\"")
        list.add("Protocol Level", 1, "4 (MQTT 3.1.1)")
        let flags: [String?] = [
            cleanSession ? "clean session" : "no clean session",
            will.map { "Will at \($0.qos.words)\($0.retain ? ", retained" : "")" },
            username == nil ? nil : "user name", password == nil ? nil : "password",
        ]
        list.add("Connect Flags", 1, flags.compactMap(\.self).joined(separator: "; "))
        list.add("Keep Alive", 2, keepAliveSeconds == 0 ? "0 (off)" : "\(keepAliveSeconds) s")
        list.add("Client Id", clientID, text(clientID))
        if let will {
            list.add("Will Topic", will.topic, text(will.topic))
            list.add("Will Message", will.payload, PayloadWords.text(frame.copy(of: will.payload)))
        }
        if let username { list.add("User Name", username, text(username)) }
        if let password { list.add("Password", password, "\(password.count.octets)") }
    }
}
