import Bytes
import MQTTSN

/// The client's QoS 2 messages whose number at the broker has first to become free.
///
/// **What it owns.** The places of the messages in the store, of which each has an exchange that waits for its number.
/// Only a gateway that has taken over a broker's session from an earlier life ever keeps one, for one round trip to the
/// broker. **Awkward case.** A connection that ends in that time takes them along: the client repeats what it has not
/// seen acknowledged.
struct KeptPublishes: Sendable {
    private var places: [StoredMessageIndex] = []

    var isEmpty: Bool { places.isEmpty }

    mutating func append(_ message: StoredMessageIndex) { places.append(message) }

    /// Hands over the message under `token`, which the caller removes from the store; nil where there is none.
    mutating func take(_ token: BrokerToken, in store: borrowing MessageStore) -> StoredMessageIndex? {
        guard let index = places.firstIndex(where: { store[$0].token == token }) else { return nil }
        return places.remove(at: index)
    }

    /// Hands over all of them.
    mutating func takeAll() -> [StoredMessageIndex] {
        defer { places = [] }
        return places
    }

    func indices() -> [StoredMessageIndex] { places }

    /// What does not hold; nil where all does.
    func checkInvariants(_ uplink: borrowing Uplink, in store: borrowing MessageStore) -> String? {
        places.allSatisfy { uplink.uses(store[$0].token) } ? nil : "a message is kept for no exchange"
    }
}

extension ClientSession {
    /// Keeps a message until the broker has freed its number.
    mutating func keep(
        _ topicName: RawSpan, _ payload: RawSpan, retain: Bool, token: BrokerToken, in environment: inout Environment
    ) {
        let name = environment.topicNames.use(topicName)
        kept.append(
            environment.store.insert(
                payload, topicName: name, nameByteCount: topicName.byteCount, token: token, qos: .exactlyOnce,
                retain: retain, at: environment.now))
    }

    /// The broker has nothing under the number any more: the message that was kept for it goes up, if it `isWanted`,
    /// and the connection is not being left; else its client says it again.
    mutating func numberIsFree(_ token: BrokerToken, isWanted: Bool, in environment: inout Environment) {
        guard !kept.isEmpty, let index = kept.take(token, in: environment.store) else { return }
        if isWanted, environment.isOpen(upstream) {
            environment.publish(stored: index, on: upstream)
            figures.forwarded()
            observe(.messageForwarded(.exactlyOnce), in: &environment)
        }
        discardKept(index, in: &environment)
    }

    /// The connection on which the numbers were to become free is no more.
    mutating func discardKept(in environment: inout Environment) {
        for index in kept.takeAll() { discardKept(index, in: &environment) }
    }

    private func discardKept(_ index: StoredMessageIndex, in environment: inout Environment) {
        environment.topicNames.release(environment.store[index].topicName)
        environment.store.remove(index)
    }
}
