import Bytes
import MQTT

/// The place of an identity in the table; none where the client is at the broker as it is here, and may do everything.
struct IdentityIndex: Hashable, Sendable {
    var rawValue: UInt32

    static var none: IdentityIndex { IdentityIndex(rawValue: .max) }

    @inline(__always)
    var isNone: Bool { rawValue == .max }
}

/// As whom a client is known at the broker, and what it may do there: what a rule says, with the client's own names in
/// the place of variables.
struct ClientIdentity: SlabElement, Equatable {
    /// Nil: the ClientId behind the prefix of all.
    var brokerClientID: [UInt8]?
    /// Nil: as the gateway.
    var username: [UInt8]?
    var password: [UInt8]?
    /// Nil: as the gateway.
    var certificate: ClientCertificate?
    /// Nil: to every topic.
    var publish: [[UInt8]]?
    var subscribe: [[UInt8]]?
    /// What stands before all its topics at the broker; empty for nothing.
    var topicPrefix: [UInt8] = []
    var maximumQoS: UInt8 = 2
    var passesRetain = true
    /// The node that the names were made with; nil where they were not.
    var nodeID: [UInt8]?
    /// Whether its owner has been told that the client wants more than it may.
    var isTold = false
    /// Whether its owner has been told that the broker sends the client more than it may have.
    var isToldOfBroker = false

    static var vacant: ClientIdentity { ClientIdentity() }

    /// Whether it is no other than that of a client for which there is no rule.
    var isUsual: Bool {
        brokerClientID == nil && username == nil && certificate == nil && publish == nil && subscribe == nil
            && maximumQoS == 2 && passesRetain && topicPrefix.isEmpty
    }

    /// The same for two identities that are the same at the broker: who comes with another one is somebody else. A
    /// password may change.
    var digest: UInt64 {
        var digest = IdentityDigest()
        digest.add(brokerClientID.map { [$0] })
        digest.add(username.map { [$0] })
        digest.add(publish)
        digest.add(subscribe)
        digest.add(maximumQoS)
        digest.add(passesRetain ? 1 : 0)
        if let certificate { digest.add([certificate.file, certificate.keyFile]) }
        if !topicPrefix.isEmpty {
            digest.add(UInt8(ascii: "t"))
            digest.add([topicPrefix])
        }
        return digest.value
    }

    func mayPublish(to name: RawSpan) -> Bool {
        guard let publish else { return true }
        for filter in publish where TopicFilter.matches(filter: filter.span.bytes, name: name) { return true }
        return false
    }

    /// Whether a message of the broker on that topic is one that the client may have subscribed to.
    func mayHear(_ name: RawSpan) -> Bool {
        guard let subscribe else { return true }
        for filter in subscribe where TopicFilter.matches(filter: filter.span.bytes, name: name) { return true }
        return false
    }

    func maySubscribe(to filter: RawSpan) -> Bool {
        guard let subscribe else { return true }
        for allowed in subscribe where TopicFilter.covers(allowed.span.bytes, filter) { return true }
        return false
    }
}

/// By which certificate a client is known at the broker.
struct ClientCertificate: Equatable {
    /// Paths of 1 to `ClientRule.maximumPathByteCount` octets.
    var file: [UInt8]
    var keyFile: [UInt8]
    /// The rule that names it, counted from 1.
    var rule: UInt16
}

/// A hash of what an identity is made of, the same in every process (FNV-1a).
struct IdentityDigest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ octet: UInt8) { value = (value ^ UInt64(octet)) &* 0x0000_0100_0000_01B3 }

    /// Nothing, no text and texts that are cut elsewhere differ.
    mutating func add(_ texts: [[UInt8]]?) {
        guard let texts else { return add(0) }
        add(1)
        add(count: texts.count)
        for text in texts {
            add(count: text.count)
            for octet in text { add(octet) }
        }
    }

    private mutating func add(count: Int) {
        for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: count >> shift)) }
    }
}

extension ClientIdentity {
    /// What a session's record says of its identity, by which another life of the gateway finds it again.
    struct Record: Hashable, Sendable {
        var digest: UInt64
        var nodeID: [UInt8]?
    }

    /// Nil for the usual one.
    var record: Record? { isUsual ? nil : Record(digest: digest, nodeID: nodeID) }
}

extension ClientIdentity.Record: RecordPart {
    func write(to bytes: inout [UInt8]) { bytes.write(digest, nodeID) }

    init(from reader: inout RecordReader) throws(SessionRecordError) {
        digest = try reader.next()
        nodeID = try reader.next()
    }
}
