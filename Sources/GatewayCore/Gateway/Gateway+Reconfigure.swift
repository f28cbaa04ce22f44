package import Time

// What a running gateway does when its owner has decided otherwise.

extension Gateway {
    /// Goes on with another configuration: sessions, connections and what is under way stay.
    ///
    /// A lower limit refuses what is new and takes nothing away. What a connection has told the broker at its CONNECT,
    /// its Keep Alive among it, holds until the next one. Links that are there keep their numbers. Whoever calls leaves
    /// the gateway's number, the names at the broker and the way of Wills as they are (`Settings.keepingStart`).
    package mutating func reconfigure(
        _ configuration: GatewayConfiguration, at now: Instant, into effects: inout Effects
    ) {
        environment.now = now
        swap(&environment.effects, &effects)
        let formerTopic = environment.configuration.upstream.statusTopic
        let hasOtherTopics = configuration.predefinedTopics != environment.configuration.predefinedTopics
        let clientIDs = hasOtherTopics ? allClientIDs : []
        for clientID in clientIDs { environment.forgetPredefinedTopics(of: clientID) }
        environment.reconfigure(configuration)
        for clientID in clientIDs { beginPredefinedTopics(of: clientID) }
        if configuration.upstream.statusTopic != formerTopic { statusTopicChanged() }
        departures.limit = configuration.limits.recentDepartures
        formerNumbers.limit = configuration.limits.recentDepartures
        strangerReplies.setRate(perSecond: configuration.limits.strangerRepliesPerSecond)
        searchReplies.setRate(perSecond: configuration.limits.searchRepliesPerSecond)
        advertiser.reconfigure(configuration.discovery)
        // ADVERTISE may be due now, and so may everything that waits for a client.
        if !isShuttingDown { environment.deadlines.schedule(.gateway, noLaterThan: now) }
        for index in 0..<sessions.endIndex where sessions.contains(index) && sessions[index].upstream != nil {
            changing(index) { _, _ in }
        }
        if environment.pace.hasLine { goOnWithLine() }
        readOn()
        swap(&environment.effects, &effects)
    }

    /// Of all sessions, in the order of their places.
    private var allClientIDs: [ClientID] {
        var clientIDs: [ClientID] = []
        for index in 0..<sessions.endIndex where sessions.contains(index) { clientIDs.append(sessions[index].clientID) }
        return clientIDs
    }
}
