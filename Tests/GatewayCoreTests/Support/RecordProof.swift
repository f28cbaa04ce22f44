import Time

@testable import GatewayCore

/// Proves of every session that a gateway has what a record promises: its octets are it, and a gateway that is given it
/// has the same session; and keeps count of what was among them.
struct RecordProof {
    /// What a record may have to tell.
    enum Feature: String, CaseIterable {
        case active, asleep, awake, away, node, will, willUpdate, wildcard, doubtfulSubscription, givenTopicID
        case openExactlyOnceUp, endedExactlyOnceUp, repeatedUp, inherited
        case openExactlyOnceDown, heldForSleeper, setAside, settledToken
    }

    private(set) var counts: [Feature: Int] = [:]
    /// The record with the most features so far.
    private(set) var richest: SessionRecord?
    private var mostFeatures = 0

    /// The clock of the other life: it has run longer than any record is old.
    static let otherNow = Instant(nanoseconds: 987_654_321_987_654_321)

    /// - Returns: what is wrong; nil where nothing is.
    mutating func fault(of gateway: borrowing Gateway) -> String? {
        let now = gateway.environment.now
        let records = gateway.records(at: now)
        for record in records {
            note(record)
            let name = String(decoding: record.clientID, as: UTF8.self)
            guard gateway.record(of: record.clientID, at: now) == record else { return "\(name) has two records" }
            if let fault = Self.faultOfOctets(record) { return "\(name): \(fault)" }
            if let fault = Self.faultOfLife([record], of: gateway) { return "\(name): \(fault)" }
        }
        return Self.faultOfLife(records, of: gateway)
    }

    private static func faultOfOctets(_ record: SessionRecord) -> String? {
        var octets: [UInt8] = [1, 2, 3]
        record.encode(into: &octets)
        let read = try? SessionRecord.decode(octets.span.bytes.extracting(3..<octets.count))
        return read == record ? nil : "the octets are another record"
    }

    /// Another life of the gateway is given the records.
    private static func faultOfLife(_ records: [SessionRecord], of gateway: borrowing Gateway) -> String? {
        var other = Gateway(configuration: gateway.environment.configuration, seed: 77)
        let nameCount = other.environment.topicNames.count - other.predefinedNames().count
        var peers: Set<PeerID> = []
        for record in records {
            let peer = gateway.peer(of: record.clientID)
            if let peer, record.phase.isConnected { peers.insert(peer) }
            do { try other.restore(record, from: peer, at: otherNow) } catch { return "is refused: \(error)" }
        }
        for record in records where other.record(of: record.clientID, at: otherNow) != record {
            return "another session than it was: \(record), \(other.record(of: record.clientID, at: otherNow) as Any)"
        }
        guard other.records(at: otherNow).count == records.count else { return "more than was recorded" }
        let broken = other.brokenInvariants(peers: peers, streams: [])
        if let first = broken.first { return "\(first), after \(records)" }
        let census = other.takeCensus()
        let messages = records.flatMap(\.downlink.messages)
        let names = records.reduce(into: Set(messages.map(\.topicName))) { $0.formUnion($1.names) }
        let predefined = other.predefinedNames()
        guard census.sessions == records.count, census.queuedMessages == messages.count,
            census.queuedByteCount == records.reduce(0, { $0 + $1.queuedByteCount }),
            census.topicNames == nameCount + names.union(predefined).count
        else { return "the books differ: \(census), after \(records)" }
        return nil
    }

    private mutating func note(_ record: SessionRecord) {
        let features = Feature.allCases.filter(record.has)
        for feature in features { counts[feature, default: 0] += 1 }
        guard features.count > mostFeatures else { return }
        (richest, mostFeatures) = (record, features.count)
    }
}

extension SessionRecord {
    /// The record's octets.
    var octets: [UInt8] {
        var octets: [UInt8] = []
        encode(into: &octets)
        return octets
    }

    func has(_ feature: RecordProof.Feature) -> Bool {
        switch feature {
        case .active: phase == .active
        case .asleep: phase == .asleep
        case .awake: phase == .awake
        case .away: phase == .disconnected
        case .node: nodeID != nil
        case .will: wills.current?.isComplete == true
        case .willUpdate: wills.update != nil
        case .wildcard: subscriptions.all.contains { TopicRules.hasWildcards($0.filter.span.bytes) }
        case .doubtfulSubscription: subscriptions.all.contains { !$0.isAtBroker }
        case .givenTopicID: topics.all.contains { $0.unusedFor != nil }
        case .openExactlyOnceUp: uplink.open.contains { $0.isExactlyOnce && $0.client == .told }
        case .endedExactlyOnceUp: !uplink.ended.isEmpty
        case .repeatedUp: uplink.open.contains { !$0.isExactlyOnce }
        case .inherited: uplink.inheritance != Inheritance()
        case .openExactlyOnceDown: downlink.messages.contains(where: \.state.isWithClient)
        case .heldForSleeper: phase == .asleep && !downlink.waiting.isEmpty
        case .setAside: !downlink.aside.messages.isEmpty
        case .settledToken: !downlink.memory.settledTokens.isEmpty
        }
    }
}
