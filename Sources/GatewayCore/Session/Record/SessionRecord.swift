/// The part of a session that must outlive the process, as one value: what a gateway that starts anew needs so that the
/// client does not notice.
///
/// A record tells a session as the end of the process would leave it: cut off from the broker, and with nobody waiting
/// for an answer. Times are ages, and spans to come, seen from the moment it is taken, as the clock of another life
/// begins elsewhere. Each part of the session says by itself what of it is to be recorded, and is made from that again.
///
/// Not in it are:
/// - *the client's address*: `PeerID` is a name that a host has given for one life. Whoever keeps the record keeps the
///   address beside it (`Gateway.peer(of:)`) and brings its new name along. The node behind a forwarder is in it, as
///   that has a name of its own;
/// - *the broker connection*, since when it was lost, requests that the broker has not answered, and messages that wait
///   for their number there: as after the loss of a connection there is a new one, and the client asks again;
/// - *a set-up that has not come to its CONNACK*: its client begins it again. A session that goes on beside is
///   recorded, and of one that was left for the broker's answer the session before, where that goes on in it: the
///   CONNECT may have been a copy that the network made;
/// - *what is being said*: the message on its way has its state and its number, and is said again at once, a REGISTER
///   under a new number. With it goes how often it was said, and how much this wake-up has brought so far;
/// - *measures and doubts that come again by themselves*: round trips, messages on which the broker may have closed,
///   what was published last at QoS 0, when no topic id was free, drops that are to be reported, whether a PUBREL lies
///   behind what cannot be read;
/// - *a goodbye* that the client may repeat: strangers get the same answer.
package struct SessionRecord: Hashable, Sendable {
    /// Where the client is (MQTT-SN 1.2 §6.14).
    enum Phase: UInt8, Hashable, Sendable, RecordPart {
        case active, asleep, awake
        /// Away, and expected back.
        case disconnected

        var isConnected: Bool { self != .disconnected }
    }

    /// The first octet; another one for every change of what follows.
    private static let version: UInt8 = 1
    /// Added to the first octet where behind everything else stands when messages expire; only where one does.
    private static let withExpiries: UInt8 = 1
    /// The same for who the client is at the broker, behind that; only where a rule says it.
    private static let withIdentity: UInt8 = 2
    /// The same for the owner's rules, behind that; only where there are any.
    private static let withRules: UInt8 = 4
    /// The same for the place of the broker that has the session, behind that; only where it is not the first.
    private static let withHome: UInt8 = 8
    /// The same for what was given up for the client, behind that; only where something was.
    private static let withGivenUp: UInt8 = 16
    /// The same for what the client has not heard of, behind that; only where there is any.
    private static let withUnheard: UInt8 = 32

    /// The client's name.
    package internal(set) var clientID: [UInt8]
    /// What the forwarder calls the node; nil where the client is behind none, or is not connected.
    var nodeID: [UInt8]?
    var phase: Phase
    var request: ConnectRequest
    /// Whether the broker forgets the session with the connection.
    var isCleanAtBroker: Bool
    var wills: WillKeeper.Record
    var supervision: ClientSupervision.Record
    var topics: TopicRegistry.Record
    var subscriptions: Subscriptions.Record
    var uplink: Uplink.Record
    var downlink: Downlink.Record
    var tokens: BrokerTokenSource
    /// Nil for the usual one.
    var identity: ClientIdentity.Record?
    /// What tells the rules for clients of that time from others; nil where there were none.
    var rulesDigest: UInt64?
    /// The place among the owner's brokers of the one that has the session.
    var home: UInt8 = 0

    /// Appends the record's octets.
    package func encode(into bytes: inout [UInt8]) {
        let expiries = downlink.expiries
        let hasExpiries = expiries.contains { $0 != nil }
        let additions =
            (hasExpiries ? Self.withExpiries : 0) | (identity == nil ? 0 : Self.withIdentity)
            | (rulesDigest == nil ? 0 : Self.withRules) | (home == 0 ? 0 : Self.withHome)
            | (downlink.memory.givenUp.isEmpty ? 0 : Self.withGivenUp)
            | (downlink.memory.unheard.isEmpty ? 0 : Self.withUnheard)
        bytes.append(Self.version + additions)
        bytes.write(
            clientID, nodeID, phase, request, isCleanAtBroker, wills, supervision, topics, subscriptions, uplink,
            downlink, tokens)
        if hasExpiries { expiries.write(to: &bytes) }
        identity?.write(to: &bytes)
        rulesDigest?.write(to: &bytes)
        if home != 0 { home.write(to: &bytes) }
        if !downlink.memory.givenUp.isEmpty { downlink.memory.givenUp.write(to: &bytes) }
        if !downlink.memory.unheard.isEmpty { downlink.memory.unheard.write(to: &bytes) }
    }

    /// Reads octets of which nothing is believed; whether a gateway can go on with the record, `restore` finds out.
    package static func decode(_ bytes: RawSpan) throws(SessionRecordError) -> SessionRecord {
        var reader = RecordReader(bytes)
        let additions = try reader.octet() &- Self.version
        guard additions <= withExpiries | withIdentity | withRules | withHome | withGivenUp | withUnheard else {
            throw SessionRecordError(reason: .unknownVersion, offset: 0)
        }
        var record = try SessionRecord(
            clientID: reader.next(), nodeID: reader.next(), phase: reader.next(), request: reader.next(),
            isCleanAtBroker: reader.next(), wills: reader.next(), supervision: reader.next(), topics: reader.next(),
            subscriptions: reader.next(), uplink: reader.next(), downlink: reader.next(), tokens: reader.next())
        if additions & withExpiries != 0 {
            let start = reader.offset
            let expiries: [Expiry?] = try reader.next()
            guard expiries.count == record.downlink.messages.count, expiries.contains(where: { $0 != nil }) else {
                throw SessionRecordError(reason: .unknownValue, offset: start)
            }
            record.downlink.expiries = expiries
        }
        if additions & withIdentity != 0 { record.identity = try ClientIdentity.Record(from: &reader) }
        if additions & withRules != 0 { record.rulesDigest = try UInt64(from: &reader) }
        if additions & withHome != 0 { record.home = try reader.next { $0 != 0 && $0 != BrokerSide.nowhere } }
        if additions & withGivenUp != 0 {
            record.downlink.memory.givenUp = try reader.next { !$0.isEmpty }
        }
        if additions & withUnheard != 0 { try record.downlink.memory.readUnheard(from: &reader) }
        try reader.end()
        return record
    }

    /// The same of a client that nobody can reach before it says something: who sleeps sleeps on and wakes up wherever
    /// it is, and the session of another one waits for it.
    ///
    /// - Returns: nil where that could not be: a clean session ends with its connection (AMB-03).
    func withoutAddress() -> SessionRecord? {
        guard phase != .active || !request.isClean else { return nil }
        var record = self
        record.nodeID = nil
        switch phase {
        case .active:
            record.phase = .disconnected
            record.wills.takeBackUpdate()
        case .asleep, .awake: record.phase = .asleep
        case .disconnected: break
        }
        return record
    }
}
