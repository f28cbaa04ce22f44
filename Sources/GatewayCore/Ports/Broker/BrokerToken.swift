import MQTT
import MQTTSN

/// The broker port's number for something under way with the broker: a session keeps it and gives it back, and knows no
/// more of it.
///
/// On a connection of one client's own it is the packet identifier. This file is the one place where message ids and
/// packet identifiers meet.
struct BrokerToken: Hashable, Sendable {
    /// 1…65535; 0 for `none`.
    let packetID: PacketID

    init(packetID: PacketID) { self.packetID = packetID }

    /// Stands for what the broker does not wait for, or no longer knows.
    static let none = BrokerToken(packetID: 0)

    var isNone: Bool { packetID == 0 }

    /// By which tokens are told apart, and next to which others stand.
    var number: UInt16 { packetID }
}

// Ids pass through where they can, so that client and broker recognise a repetition although the gateway between them
// was restarted and has kept nothing (AMB-23).

extension BrokerToken {
    /// The token of a request under the client's own message id.
    init(following messageID: MessageID) { self.init(packetID: messageID) }

    /// The message id under which the client gets what the broker sends under this token.
    var followingMessageID: MessageID { packetID }
}

/// Gives out the tokens of a session's own requests, each for as long as the exchange needs it.
struct BrokerTokenSource: Hashable, Sendable {
    /// The gateway's own count up in the upper half, where clients seldom are.
    private static let first: PacketID = 0x8000

    /// The last one that was not a client's message id; 0 before the first.
    private var last: PacketID = 0

    /// A token for a request, that which goes with the client's message id where it is free; none where no number is.
    func next(
        preferring messageID: MessageID, _ uplink: borrowing Uplink, _ requests: borrowing BrokerRequests
    ) -> BrokerToken {
        let preferred = BrokerToken(following: messageID)
        if !preferred.isNone, !uplink.uses(preferred), !requests.uses(preferred) { return preferred }
        var number = last
        for _ in 0...(uplink.count + requests.count) {
            number = max(number &+ 1, Self.first)
            let token = BrokerToken(packetID: number)
            if !uplink.uses(token), !requests.uses(token) { return token }
        }
        return .none
    }

    /// The token for a request under this message id is in use from now on.
    mutating func take(_ token: BrokerToken, for messageID: MessageID) {
        if token != BrokerToken(following: messageID) { last = token.packetID }
    }
}

// MARK: - Record

extension BrokerToken: RecordPart {
    func write(to bytes: inout [UInt8]) { packetID.write(to: &bytes) }
    init(from reader: inout RecordReader) throws(SessionRecordError) { packetID = try reader.next() }
}

/// It is its own record.
extension BrokerTokenSource: RecordPart {
    func write(to bytes: inout [UInt8]) { last.write(to: &bytes) }
    init(from reader: inout RecordReader) throws(SessionRecordError) { last = try reader.next() }
}
