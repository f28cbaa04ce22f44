import Configuration
import GatewayCore
import Journal
import Time

// The start: the sessions of an earlier life go on.

extension SessionKeeping {
    /// Goes on with the sessions that are in the store.
    func restoreSessions() {
        host.gateway.keepSessions()
        let reading = ClockReading.now
        var (restoredCount, uncertainCount) = (0, 0)
        var refusals: [String] = []
        for entry in store.recovered.entries where !entry.key.isEmpty {
            // It may be older than what its client was told.
            guard !entry.isUncertain else {
                uncertainCount += 1
                continue
            }
            let age = TimeSpan(nanoseconds: reading.since(entry.moment) ?? 0)
            if let refusal = restore(entry, age: age) {
                leftBehind[entry.key] = entry
                refusals.append("\(LogText.quoted(entry.key)): \(refusal)")
            } else {
                restoredCount += 1
            }
        }
        tell(restoredCount, uncertainCount, refusals)
        store.forgetRecovered()
    }

    /// - Returns: why the session is not gone on with; nil where it is.
    private func restore(_ entry: RecoveredJournal.Entry, age: TimeSpan) -> String? {
        let now = host.now
        do throws(StoredSession.Failure) {
            let stored = try StoredSession(entry.value.span.bytes)
            let link = host.links.first { $0.title == stored.link }
            let peer = stored.address.isEmpty ? nil : link?.peer(at: stored.address)
            let network = peer.flatMap { link?.network(of: $0) } ?? 0
            // A forwarder may be that of others.
            defer { if let peer, !host.gateway.knows(peer) { link?.forget(peer) } }
            var octets: [UInt8] = []
            stored.record.encode(into: &octets)
            host.recorder?.willRestore(octets, from: peer, network: network, age: age, at: now)
            defer { host.recorder?.hasHandled(Effects(), at: now) }
            do throws(RestoreRefusal) {
                try host.gateway.restore(stored.record, from: peer, network: network, age: age, at: now)
                return nil
            } catch {
                return error.sentence
            }
        } catch {
            return "its record cannot be read, as 'swiftlet store check' tells"
        }
    }

    private func tell(_ restoredCount: Int, _ uncertainCount: Int, _ refusals: [String]) {
        let found = store.recovered
        var words = "store \(path): \(restoredCount) session\(restoredCount == 1 ? "" : "s") go on"
        if found.cutByteCount > 0 { words += ", \(found.cutByteCount) octets at the end were never promised" }
        host.log.write(.info, words, event: "store_opened")
        for damage in found.damages.prefix(10) {
            host.log.write(.error, "store \(path): \(damage.description)", event: "store_damaged")
        }
        for name in store.setAside {
            host.log.write(.warning, "store \(path): set aside as \(name)", event: "store_damaged")
        }
        if uncertainCount > 0 {
            let words = "\(uncertainCount) sessions may be older than what was lost: their clients must connect anew"
            host.log.write(.error, "store \(path): \(words)", event: "store_damaged")
        }
        if let first = refusals.first {
            let count = refusals.count == 1 ? "1 session is" : "\(refusals.count) sessions are"
            let words = "\(count) not gone on with and left in the store; the first is that of \(first)"
            host.log.write(.warning, "store \(path): \(words)", event: "store_sessions_left")
        }
    }
}

extension RestoreRefusal {
    /// The rest of a sentence that begins with the client.
    var sentence: String {
        switch self {
        case .clientIsHere: "it has a session already"
        case .addressIsTaken: "another client is at its address"
        case .noPlace: "clients.maximum leaves it no place"
        case .clientCannotBeFound: "its session was clean, and the link that led to it is not there any more"
        case .otherIdentity: "the [[client]] rules make it somebody else at the broker, or do not admit it"
        case .exceedsLimit(let what):
            Self.keys[what].map { "more \(what) than \($0) allows" } ?? "more \(what) than the configuration allows"
        case .contradiction(let text): "its record says what cannot be: \(text)"
        }
    }

    /// What allows more, by what there is too much of.
    static let keys = [
        "topic ids": "clients.topics", "subscriptions": "clients.subscriptions",
        "undeliverable messages": "clients.undeliverable", "exchanges": "clients.exchanges",
        "ended exchanges": "clients.ended_exchanges", "octets of a Will": "clients.will_message_bytes",
        "messages": "clients.queued_messages", "octets of messages": "clients.queued_bytes or limits.queued_bytes",
        "octets of topic names": "limits.topic_names_bytes",
        "octets of a node's name": "maximum_datagram_bytes of the link",
    ]
}
