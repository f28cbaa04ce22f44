import MQTTSN

/// What a CONNECT asks for, and whether its client has gone on since it was granted.
struct ConnectRequest: Hashable, Sendable {
    /// CleanSession. A session that nobody has accepted is as good as a clean one: nothing of it is kept.
    private(set) var isClean = true
    private(set) var wantsWill = false
    private(set) var keepAliveSeconds: UInt16 = 0
    /// Whether the client has said anything since its CONNACK; until then the same CONNECT asks for what it has.
    private(set) var hasSpoken = false

    init() {}

    init(_ connect: Connect) {
        isClean = connect.flags.cleanSession
        wantsWill = connect.flags.will
        keepAliveSeconds = connect.duration
    }

    func asksForTheSame(as other: ConnectRequest) -> Bool {
        isClean == other.isClean && wantsWill == other.wantsWill && keepAliveSeconds == other.keepAliveSeconds
    }

    mutating func clientSpoke() { hasSpoken = true }
}

extension ConnectRequest: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(isClean, wantsWill, keepAliveSeconds, hasSpoken) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        isClean = try reader.next()
        wantsWill = try reader.next()
        keepAliveSeconds = try reader.next()
        hasSpoken = try reader.next()
    }
}
