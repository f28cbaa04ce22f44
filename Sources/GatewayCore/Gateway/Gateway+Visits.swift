import MQTTSN

// Where a client is while a CONNECT with a Will asks for it elsewhere (MQTT-SN 1.2 §6.3).

/// A place at which somebody who goes by a connected client's name is asked for its Will.
///
/// He may be that client, which has moved, or a copy of its CONNECT from where it was before: nobody answers there, and
/// the client goes on in its session meanwhile. So the session stays where it is until the dialogue has come to its end
/// there, and both places lead to it.
struct Visit {
    var place: Route
    /// Where the session is.
    var home: Route
}

extension Gateway {
    /// Begins a new connection for the client, at a place where it may not be.
    mutating func begin(_ index: SessionIndex, _ connect: Connect, at route: Route) {
        if connect.flags.will, let home = home(of: index), home != route {
            visit(index, at: route, from: home)
        } else {
            attach(index, to: route)
        }
        addressee = index
        let place = visit(of: index)?.place
        changing(index) { session, environment in session.begin(connect, at: place, in: &environment) }
    }

    /// Nearly always there is none at all.
    @inline(__always)
    func visit(of index: SessionIndex) -> Visit? { visits.isEmpty ? nil : visits[index] }

    /// Where the client is connected and can be reached.
    private func home(of index: SessionIndex) -> Route? {
        guard sessions[index].phase.isConnected, let home = sessions[index].route,
            !environment.linkState(home.peer.link).isLost
        else { return nil }
        return home
    }

    private mutating func visit(_ index: SessionIndex, at place: Route, from home: Route) {
        guard visit(of: index)?.place != place else { return }
        endVisit(of: index)
        vacate(place)
        visits[index] = Visit(place: place, home: home)
        sessionByRoute[place] = index
        retain(place)
    }

    /// Whoever was at the place is not there any more.
    mutating func vacate(_ place: Route) {
        guard let former = sessionByRoute[place] else { return }
        if visit(of: former)?.place == place {
            changing(former) { session, environment in session.abandonSetUp(in: &environment) }
        } else {
            changing(former) { session, environment in session.lose(in: &environment) }
        }
    }

    /// A client that says something else than its Will from the place where it is asked for it has moved there. One
    /// that says its Will from where it is has not been asked.
    ///
    /// - Returns: whether the message has a meaning.
    mutating func noteSpeech(_ message: Message, of index: SessionIndex, from route: Route) -> Bool {
        guard let visit = visit(of: index) else { return true }
        let isOfTheWill = message.type == .willTopic || message.type == .willMessage
        guard visit.place == route else {
            guard isOfTheWill else { return true }
            changing(index) { session, environment in session.observeUnexpected(message, in: &environment) }
            return false
        }
        if !isOfTheWill { attach(index, to: route) }
        return true
    }

    /// The place leads to the session no more; nothing where there is none.
    mutating func endVisit(of index: SessionIndex) {
        guard let visit = visit(of: index) else { return }
        visits[index] = nil
        sessionByRoute[visit.place] = nil
        release(visit.place)
    }

    /// What became of the dialogue decides where the session is.
    ///
    /// - Returns: where it was before, if it has moved; that leads to it no more.
    mutating func settleVisit(of index: SessionIndex) -> Route? {
        guard let visit = visit(of: index), sessions[index].setUp.place != visit.place else { return nil }
        guard sessions[index].route == visit.place else {
            endVisit(of: index)
            return nil
        }
        visits[index] = nil
        return visit.home
    }

    /// Nobody is asked for a Will where nothing can be said.
    mutating func endVisits(on link: LinkID) {
        for index in 0..<sessions.endIndex where visit(of: index)?.place.peer.link == link {
            changing(index) { session, environment in session.abandonSetUp(in: &environment) }
        }
    }
}
