// The one-line form of an MQTT packet.

import Bytes
package import MQTT

extension Packet {
    /// Such as `PUBLISH QoS 1, packet id 2, "farm/x", 5 octets`.
    ///
    /// `frame` is what it was decoded from, and `payload` finds the words for the content of messages and Wills.
    package func line(of frame: RawSpan, payload: ([UInt8]) -> String) -> String {
        let words = self.words(frame, .v3_1_1, payload)
        return words.isEmpty ? type.specificationName : "\(type.specificationName) \(words)"
    }

    /// What is said behind the packet's name; in 5.0 without what it adds.
    func words(_ frame: RawSpan, _ version: ProtocolVersion, _ payload: ([UInt8]) -> String) -> String {
        func text(_ range: ByteRange) -> String { ForeignText.quoted(frame.copy(of: range)) }
        switch self {
        case .connect(let connect):
            let will = connect.will.map { ", Will to \(text($0.topic)) at \($0.qos.words)" } ?? ""
            let user = connect.username.map { ", user \(text($0))" } ?? ""
            let clean = version == .v5_0 ? ", clean start" : ", clean session"
            return text(connect.clientID) + (connect.cleanSession ? clean : "") + will + user
                + (connect.password == nil ? "" : ", with password") + ", keep alive \(connect.keepAliveSeconds) s"
        case .connectAcknowledgement(let answer):
            return answer.returnCode.words(version) + (answer.sessionPresent ? ", session present" : "")
        case .publish(let publish):
            return publish.qos.words + (publish.packetID == 0 ? "" : ", packet id \(publish.packetID)")
                + ", \(text(publish.topicName))" + (publish.duplicate ? ", DUP" : "")
                + (publish.retain ? ", retained" : "") + ", \(payload(frame.copy(of: publish.payload)))"
        case .publishAcknowledgement(let id), .publishReceived(let id), .publishRelease(let id),
            .publishComplete(let id), .unsubscribeAcknowledgement(let id):
            return "packet id \(id)"
        case .subscribe(let request):
            return "packet id \(request.packetID)"
                + request.parts(of: frame).map { ", \(text($0.filter)) at \($0.options.words)" }.joined()
        case .subscribeAcknowledgement(let answer):
            return "packet id \(answer.packetID)"
                + frame.copy(of: answer.returnCodes).map { ", \(SubscribeAcknowledgement.words(for: $0, version))" }
                .joined()
        case .unsubscribe(let request):
            return "packet id \(request.packetID)" + request.parts(of: frame).map { ", \(text($0))" }.joined()
        case .pingRequest, .pingResponse, .disconnect, .authentication: return ""
        }
    }
}

extension Subscribe {
    func parts(of frame: RawSpan) -> [(filter: ByteRange, options: SubscriptionOptions)] {
        var parts: [(filter: ByteRange, options: SubscriptionOptions)] = []
        var position = 0
        while let part = nextSubscription(in: frame, at: &position) { parts.append(part) }
        return parts
    }
}

extension Unsubscribe {
    func parts(of frame: RawSpan) -> [ByteRange] {
        var parts: [ByteRange] = []
        var position = 0
        while let part = nextFilter(in: frame, at: &position) { parts.append(part) }
        return parts
    }
}

extension SubscribeAcknowledgement {
    static func words(for code: UInt8, _ version: ProtocolVersion) -> String {
        switch version {
        case .v3_1_1: code == failureReturnCode ? "failure" : "granted QoS \(code)"
        case .v5_0: ReasonCode.words(for: code, in: .subscribeAcknowledgement)
        }
    }
}

extension DeliveryQoS {
    var words: String { "QoS \(rawValue)" }
}

extension ConnectReturnCode {
    /// The code with its number, as that version means it.
    func words(_ version: ProtocolVersion) -> String {
        guard version == .v5_0, self != .accepted else { return words }
        return "refused: \(ReasonCode.words(for: rawValue, in: .connectAcknowledgement))"
    }

    /// The code with its number (MQTT 3.1.1 §3.2.2.3).
    package var words: String {
        switch self {
        case .accepted: "accepted"
        case .unacceptableProtocolVersion: "refused: unacceptable protocol version (1)"
        case .identifierRejected: "refused: client identifier rejected (2)"
        case .serverUnavailable: "refused: server unavailable (3)"
        case .badCredentials: "refused: bad user name or password (4)"
        case .notAuthorized: "refused: not authorized (5)"
        default:
            ReasonCode(rawValue: rawValue).map { "refused: \($0.words(in: .connectAcknowledgement))" }
                ?? "refused: reserved code \(rawValue)"
        }
    }
}

extension PacketType {
    /// The name that the specification gives the packet.
    package var specificationName: String {
        switch self {
        case .connect: "CONNECT"
        case .connectAcknowledgement: "CONNACK"
        case .publish: "PUBLISH"
        case .publishAcknowledgement: "PUBACK"
        case .publishReceived: "PUBREC"
        case .publishRelease: "PUBREL"
        case .publishComplete: "PUBCOMP"
        case .subscribe: "SUBSCRIBE"
        case .subscribeAcknowledgement: "SUBACK"
        case .unsubscribe: "UNSUBSCRIBE"
        case .unsubscribeAcknowledgement: "UNSUBACK"
        case .pingRequest: "PINGREQ"
        case .pingResponse: "PINGRESP"
        case .disconnect: "DISCONNECT"
        case .authentication: "AUTH"
        }
    }
}
