// What the gateway does when it can no longer send on a link, and when it can again.

extension Gateway {
    /// Nobody behind the link hears anything, and that is not their fault.
    mutating func linkLost(_ link: LinkID) {
        guard !environment.linkState(link).isLost else { return }
        environment.setLinkState(.lost(since: environment.now), of: link)
        if !visits.isEmpty { endVisits(on: link) }
        for index in 0..<sessions.endIndex where isBehind(link, index) {
            changing(index) { session, _ in session.linkLost() }
        }
    }

    /// What waits for those behind the link goes on where it stood.
    mutating func linkReturned(_ link: LinkID) {
        guard let since = environment.linkState(link).lostSince else { return }
        environment.setLinkState(.up(returnedAt: environment.now), of: link)
        for index in 0..<sessions.endIndex where isBehind(link, index) {
            changing(index) { session, environment in session.linkReturned(lostSince: since, in: &environment) }
        }
        advertiseAgain(on: link, lostSince: since)
    }

    private borrowing func isBehind(_ link: LinkID, _ index: SessionIndex) -> Bool {
        sessions.contains(index) && sessions[index].route?.peer.link == link
    }
}
