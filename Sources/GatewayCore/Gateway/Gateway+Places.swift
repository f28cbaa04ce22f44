// Who has a place here, and who gives it up for a newcomer (GW-87).
//
// A CONNECT is a name that anybody can invent. So a newcomer has no place until the broker has accepted it: until then
// it is one of a bounded number of set-ups, and nobody is forgotten for it. When every place is taken, whoever has done
// nothing but connect goes first, and only then the client that has been away longest. As long as a client may be
// silent that has promised nothing, none is forgotten without whose session a message of QoS 2 would come twice.

extension Gateway {
    /// Sessions that have a place: all but those of newcomers.
    var placeCount: Int { sessions.count - newcomers.count }

    /// The client's session, which is the one `known`, or where it has none a new one without a place; nil where no
    /// place could be found for it.
    mutating func session(
        for clientID: ClientID, _ identity: ClientIdentity, known: SessionIndex?
    ) -> SessionIndex? {
        if let index = known {
            environment.identities.renew(sessions[index].identity, identity)
            remembered.remove(index)
            return index
        }
        guard placeCount < environment.limits.clients || canMakePlace, hasRoomForSetUp() else { return nil }
        let index = beginSession(of: clientID, identity)
        newcomers.append(index)
        return index
    }

    /// Why there is none for a newcomer.
    var wantOfPlace: ClientRefusal {
        let limits = environment.limits
        return newcomers.count >= limits.setUps
            ? .noSetUp(limit: UInt32(clamping: limits.setUps)) : .noPlace(limit: UInt32(clamping: limits.clients))
    }

    /// The broker has accepted the session: a newcomer gets its place.
    ///
    /// - Returns: false where there is none any more.
    mutating func takePlace(_ index: SessionIndex) -> Bool {
        guard newcomers.contains(index) else { return true }
        guard placeCount < environment.limits.clients || makePlace() else { return false }
        newcomers.remove(index)
        idlers.append(index)
        return true
    }

    // MARK: Set-ups

    /// Where there are as many set-ups as may be, the oldest goes whose client owes an answer: who means it answers at
    /// once.
    private mutating func hasRoomForSetUp() -> Bool {
        guard newcomers.count >= environment.limits.setUps else { return true }
        guard let oldest = newcomers.first(where: { sessions[$0].setUp.prompt != nil }) else { return false }
        changing(oldest) { session, environment in session.abandonSetUp(in: &environment) }
        return true
    }

    // MARK: Places

    private var canMakePlace: Bool {
        mutating get {
            dropBusyIdlers()
            return idlers.count > 0 || leastNeeded != nil
        }
    }

    /// The session whose client has been away longest, of those that nobody needs.
    private var leastNeeded: SessionIndex? {
        remembered.first { !sessions[$0].isNeeded(in: environment) }
    }

    private mutating func makePlace() -> Bool {
        dropBusyIdlers()
        if let idler = idlers.takeOldest() {
            environment.observe(.sessionEvicted(wasConnected: true), of: sessions[idler].clientID)
            changing(idler) { session, environment in session.dismiss(in: &environment) }
            forget(idler)
            return true
        }
        guard let oldest = leastNeeded else { return false }
        environment.observe(.sessionEvicted(wasConnected: false), of: sessions[oldest].clientID)
        forget(oldest)
        return true
    }

    /// Who has done something is an idler no more; the oldest that is left, if any is, has not.
    private mutating func dropBusyIdlers() {
        while let oldest = idlers.oldest, !sessions[oldest].hasOnlyConnected { idlers.remove(oldest) }
    }
}
