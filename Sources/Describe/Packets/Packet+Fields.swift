// The fields of an MQTT packet with their places and values, from what the decoder found (MQTT 3.1.1 §3, 5.0 §3).

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

    /// Properties with their length, field by field; nothing where the packet leaves them out.
    mutating func add(properties: ByteRange, of frame: RawSpan, _ name: String = "Properties") {
        guard properties.lowerBound > 0 else { return }
        add(name, properties.lowerBound - offset, properties.count.octets)
        for property in Packet5.properties(properties, of: frame) {
            add("\(property.identifier.name)", property.range.count, property.words(of: frame))
        }
    }
}

extension Packet5 {
    /// All fields, fixed header included; `frame` is what the packet of that version was decoded from.
    func fields(of frame: RawSpan, _ version: ProtocolVersion) -> [Description.Field] {
        var list = FieldList()
        var headerByteCount = 2
        while headerByteCount < 5, let octet = frame.byte(at: headerByteCount - 1), octet >= 0x80 {
            headerByteCount += 1
        }
        let type = packet.type
        list.add("Type and flags", 1, type.specificationName + packet.flagWords)
        list.add("Remaining Length", headerByteCount - 1, "\(frame.byteCount - headerByteCount)")
        func text(_ range: ByteRange) -> String { ForeignText.quoted(frame.copy(of: range)) }
        switch packet {
        case .connect(let connect): connect.add(to: &list, frame, version, added)
        case .connectAcknowledgement(let answer):
            list.add("Flags", 1, answer.sessionPresent ? "session present" : "no session present")
            list.add(version == .v5_0 ? "Reason Code" : "Return code", 1, answer.returnCode.words(version))
            list.add(properties: added.properties, of: frame)
        case .publish(let publish):
            list.add("Topic Name", publish.topicName, text(publish.topicName))
            if publish.packetID != 0 { list.add("Packet Id", 2, "\(publish.packetID)") }
            list.add(properties: added.properties, of: frame)
            list.add("Payload", publish.payload.count, PayloadWords.text(frame.copy(of: publish.payload)))
        case .publishAcknowledgement(let id), .publishReceived(let id), .publishRelease(let id),
            .publishComplete(let id):
            list.add("Packet Id", 2, "\(id)")
            addOutcome(to: &list, frame)
        case .unsubscribeAcknowledgement(let id):
            list.add("Packet Id", 2, "\(id)")
            list.add(properties: added.properties, of: frame)
            for code in frame.copy(of: added.reasonCodes) {
                list.add("Reason Code", 1, ReasonCode.words(for: code, in: type))
            }
        case .subscribe(let request):
            list.add("Packet Id", 2, "\(request.packetID)")
            list.add(properties: added.properties, of: frame)
            for part in request.parts(of: frame) {
                list.add("Topic Filter", part.filter, text(part.filter))
                list.add(version == .v5_0 ? "Subscription Options" : "Requested QoS", 1, part.options.words)
            }
        case .subscribeAcknowledgement(let answer):
            list.add("Packet Id", 2, "\(answer.packetID)")
            list.add(properties: added.properties, of: frame)
            for code in frame.copy(of: answer.returnCodes) {
                let words = SubscribeAcknowledgement.words(for: code, version)
                list.add(version == .v5_0 ? "Reason Code" : "Return code", 1, words)
            }
        case .unsubscribe(let request):
            list.add("Packet Id", 2, "\(request.packetID)")
            list.add(properties: added.properties, of: frame)
            for part in request.parts(of: frame) { list.add("Topic Filter", part, text(part)) }
        case .pingRequest, .pingResponse: break
        case .disconnect, .authentication: addOutcome(to: &list, frame)
        }
        return list.fields
    }

    /// Reason Code and properties, as far as they are there.
    private func addOutcome(to list: inout FieldList, _ frame: RawSpan) {
        guard list.offset < frame.byteCount else { return }
        list.add("Reason Code", 1, added.reasonCode.words(in: packet.type))
        list.add(properties: added.properties, of: frame)
    }
}

extension Packet {
    fileprivate var flagWords: String {
        guard case .publish(let publish) = self else { return "" }
        return ", \(publish.qos.words)" + (publish.duplicate ? ", DUP" : "") + (publish.retain ? ", retained" : "")
    }
}

extension Connect {
    fileprivate func add(
        to list: inout FieldList, _ frame: RawSpan, _ version: ProtocolVersion, _ added: AddedFields
    ) {
        func text(_ range: ByteRange) -> String { ForeignText.quoted(frame.copy(of: range)) }
        list.add("Protocol Name", 6, "\"MQTT\"")
        list.add("Protocol Level", 1, "\(version.rawValue) (MQTT \(version.name))")
        let clean = version == .v5_0 ? "clean start" : "clean session"
        let flags: [String?] = [
            cleanSession ? clean : "no \(clean)",
            will.map { "Will at \($0.qos.words)\($0.retain ? ", retained" : "")" },
            username == nil ? nil : "user name", password == nil ? nil : "password",
        ]
        list.add("Connect Flags", 1, flags.compactMap(\.self).joined(separator: "; "))
        list.add("Keep Alive", 2, keepAliveSeconds == 0 ? "0 (off)" : "\(keepAliveSeconds) s")
        list.add(properties: added.properties, of: frame)
        list.add("Client Id", clientID, text(clientID))
        if let will {
            list.add(properties: added.willProperties, of: frame, "Will Properties")
            list.add("Will Topic", will.topic, text(will.topic))
            list.add("Will Message", will.payload, PayloadWords.text(frame.copy(of: will.payload)))
        }
        if let username { list.add("User Name", username, text(username)) }
        if let password { list.add("Password", password, "\(password.count.octets)") }
    }
}
