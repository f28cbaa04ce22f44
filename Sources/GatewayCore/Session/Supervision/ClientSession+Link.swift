import Time

// What a session does when its client's link is lost and comes back.

extension ClientSession {
    /// The client hears nothing: nothing is begun, repeated or judged before the link returns.
    mutating func linkLost() { supervision.linkLost() }

    /// What the client was asked goes on where it stood. What has come meanwhile is delivered a moment later, when each
    /// has its turn: all at once it would be more than the link can take.
    mutating func linkReturned(lostSince since: Instant, in environment: inout Environment) {
        goOn(since: since, at: environment.now)
        guard state.isListening else { return }
        if downlink.isIdle {
            pause(for: Environment.breath, in: environment)
        } else if phase == .awake, downlink.awaitsBroker(in: environment.store) {
            // Its time may have run out while the client could not be told that its wake-up is over.
            clock.wait(until: environment.now + retryInterval(after: 0, in: environment))
        }
    }

    /// The client is on another link, or on one again; the owner's rules have been asked of who is there.
    mutating func movedToLink(isLost: Bool, in environment: inout Environment) {
        isUnplaced = false
        guard isLost != supervision.isCutOff else { return }
        if isLost { linkLost() } else { linkReturned(lostSince: environment.now, in: &environment) }
    }

    private mutating func goOn(since: Instant, at now: Instant) {
        supervision.linkReturned(at: now)
        clock.goOn(at: now, stoppedAt: since)
        setUp.goOn(at: now, stoppedAt: since)
    }
}
