/// How much of everything the core holds at a moment; counted on request, for checkers and for gauges.
package struct Census: Equatable, Sendable {
    /// Sessions held, connected and remembered.
    package var sessions = 0
    /// Those of clients that were never connected.
    package var newcomers = 0
    /// Sessions whose client is away and may come back.
    package var remembered = 0
    /// Broker connections held, the shared one included, open or not.
    package var upstreams = 0
    /// Those that wait for their turn to be made.
    package var queuedUpstreams = 0
    /// Those of clients that are being made.
    package var upstreamHandshakes = 0
    /// Ways to clients, and senders kept in mind for their next DISCONNECT.
    package var routes = 0
    package var peers = 0
    package var forwardedNodes = 0
    package var topicNames = 0
    /// Octets of topic names that clients hold, counted as the limit counts them.
    package var topicNamesByteCount = 0
    /// Octets of QoS −1 messages that wait for the gateway's own connection, counted likewise.
    package var qosMinusOneByteCount = 0
    package var queuedMessages = 0
    /// Octets of payload.
    package var queuedByteCount = 0
    /// The most messages, and octets of payload, that wait for one client.
    package var longestQueue = 0
    package var largestQueueByteCount = 0
    /// Sessions with something under way towards the client.
    package var openExchanges = 0
    /// Requests of clients that the broker has to answer.
    package var brokerExchanges = 0
    /// The most topic ids, subscriptions and requests of one client.
    package var mostTopics = 0
    package var mostSubscriptions = 0
    package var mostClientExchanges = 0
    /// The most messages of one client that it does not take, and the most ends of QoS 2 exchanges kept for one.
    package var mostUndeliverable = 0
    package var mostEndedExchanges = 0
    /// The most octets that wait to be written to one broker connection.
    package var largestUpstreamByteCount = 0
}

extension Gateway {
    /// How often each cell of the exchange table was reached, in the order of the cells.
    package var uplinkCells: [UInt64] { environment.uplinkCells }

    /// Looks at every session.
    package borrowing func takeCensus() -> Census {
        var census = Census()
        census.sessions = sessions.count
        census.newcomers = newcomers.count
        census.remembered = remembered.count
        census.upstreams = environment.upstreams.count
        census.routes = sessionByRoute.count + departures.count
        census.peers = routeCountByPeer.count
        census.forwardedNodes = environment.forwarders.count
        census.topicNames = environment.topicNames.count
        census.topicNamesByteCount = environment.topicNames.heldByteCount
        census.qosMinusOneByteCount = environment.waitingPublishes.byteCount
        census.queuedMessages = environment.store.messageCount
        census.queuedByteCount = environment.store.byteCount
        for index in 0..<sessions.endIndex where sessions.contains(index) { census.count(sessions[index]) }
        for index in 0..<environment.upstreams.endIndex where environment.upstreams.contains(index) {
            switch environment.upstreams[index].state {
            case .queued: census.queuedUpstreams += 1
            case .opening, .connecting:
                if case .session = environment.upstreams[index].owner { census.upstreamHandshakes += 1 }
            case .idle, .open, .leaving, .held, .refused, .waiting: break
            }
            census.largestUpstreamByteCount = max(
                census.largestUpstreamByteCount, environment.upstreams[index].queuedByteCount)
        }
        return census
    }
}

extension Census {
    fileprivate mutating func count(_ session: ClientSession) {
        longestQueue = max(longestQueue, session.downlink.waiting.count)
        largestQueueByteCount = max(largestQueueByteCount, session.downlink.waiting.byteCount)
        if session.isAsked || !session.downlink.isIdle { openExchanges += 1 }
        brokerExchanges += (session.uplink.awaitsBroker ? session.uplink.openCount : 0) + session.requests.count
        mostTopics = max(mostTopics, session.topics.count)
        mostSubscriptions = max(mostSubscriptions, session.subscriptions.count)
        mostClientExchanges = max(mostClientExchanges, session.uplink.openCount + session.requests.count)
        mostUndeliverable = max(mostUndeliverable, session.downlink.asideCount)
        mostEndedExchanges = max(mostEndedExchanges, session.uplink.ended.count)
    }
}
