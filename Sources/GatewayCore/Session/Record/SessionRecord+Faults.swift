import Time

// Whether a gateway can go on with a record: what no session could be, and what its configuration does not allow.

extension SessionRecord {
    /// What keeps a session from being like that, seen from `now`; nil where nothing does.
    func contradiction(at now: Instant) -> String? {
        if wills.update != nil, !phase.isConnected { return "a Will update goes on without its client" }
        let uplink = Uplink(uplink, at: now)
        if isCleanAtBroker, phase.isConnected, uplink.needsBrokersMemory {
            return "a message is lost with the connection"
        }
        return uplink.checkInvariants() ?? DeliveryNumbers(downlink.numbers, at: now).checkInvariants()
            ?? downlink.fault ?? topics.fault ?? subscriptions.fault
    }

    /// Which limit it exceeds; nil where it exceeds none.
    func excess(_ limits: Limits) -> String? {
        if topics.all.count > limits.topicsPerClient + 1 { return "topic ids" }
        if subscriptions.all.count > limits.subscriptionsPerClient { return "subscriptions" }
        if downlink.aside.messages.count > limits.undeliverablePerClient { return "undeliverable messages" }
        let openCount = uplink.open.count { $0.broker != .done }
        // As much again that only the client has still to finish.
        if openCount > limits.exchangesPerClient || uplink.open.count > max(2 * limits.exchangesPerClient, 32) {
            return "exchanges"
        }
        if uplink.ended.count > 2 * limits.endedExchangesPerClient + max(2 * limits.exchangesPerClient, 32) {
            return "ended exchanges"
        }
        let hasRoomForWills = [wills.current, wills.update?.former].allSatisfy { will in
            will.map { $0.message.count <= limits.willMessageByteCount } ?? true
        }
        return hasRoomForWills ? nil : "octets of a Will"
    }

    /// Octets that what waits counts.
    var queuedByteCount: Int {
        downlink.messages.reduce(0) {
            $0 + Limits.queuedByteCount(nameByteCount: $1.topicName.count, payloadByteCount: $1.payload.count)
        }
    }

    /// Every name and filter that the client has asked for or been given, each once.
    var names: Set<[UInt8]> { Set(topics.all.map(\.name) + subscriptions.all.map(\.filter)) }

    /// How often it holds them.
    var nameUseCount: Int { topics.all.count + subscriptions.all.count }
}
