import Bytes
import MQTTSN
import Time

// What senders without a session get (MQTT-SN 1.2 §6.12, GW-65): DISCONNECT, so that a client of an earlier life of the
// gateway connects anew at once; within a rate, so that nobody is flooded through the gateway.

extension Gateway {
    mutating func strangerSent(_ message: Message, _ datagram: RawSpan, from route: Route) {
        switch message {
        case .publish(let publish) where publish.flags.qos == .minusOne:
            forwardQoSMinusOne(publish, datagram, from: route)
        case .disconnect:
            observeStranger(message, route)
            // Two gateways that take each other for clients would answer each other for ever: once per sender.
            guard departures.mayAnswer(route, at: environment.now) else { return }
            answerStranger(route)
            remember(route, answers: 0)
        case .connectAcknowledgement, .willTopicRequest, .willMessageRequest, .subscribeAcknowledgement,
            .unsubscribeAcknowledgement, .willTopicResponse, .willMessageResponse:
            environment.observe(.unexpectedMessage(message.type), peer: route.peer)
        case .willTopic, .willMessage, .register, .registerAcknowledgement, .publish, .publishAcknowledgement,
            .publishComplete, .publishReceived, .publishRelease, .subscribe, .unsubscribe, .pingRequest, .pingResponse,
            .willTopicUpdate, .willMessageUpdate:
            observeStranger(message, route)
            answerStranger(route)
        case .advertise, .searchGateway, .gatewayInfo, .connect, .encapsulated: observeStranger(message, route)
        }
    }

    private mutating func observeStranger(_ message: Message, _ route: Route) {
        environment.observe(.strangerMessage(message.type), peer: route.peer)
    }

    private mutating func answerStranger(_ route: Route) {
        guard strangerReplies.take(at: environment.now) else { return }
        environment.send(.disconnect(duration: nil), to: route)
        environment.observe(.strangerAnswered, peer: route.peer)
        remember(route, answers: 0)
    }

    /// Keeps a departed client or an answered stranger in mind for a while.
    mutating func remember(_ route: Route, answers: Int) {
        let patience = environment.configuration.link(route.peer.link).patience
        environment.deadlines.schedule(.gateway, noLaterThan: environment.now + patience)
        let isNew = departures.note(
            route, answers: answers, at: environment.now, until: environment.now + patience)
        guard isNew else { return }
        retain(route)
        while let gone = departures.takeExcess() { release(gone) }
    }

    /// Forgets those whose time is over, as many as a turn has room for.
    mutating func forgetDepartures() {
        while !isTurnFull, let gone = departures.takeExpired(at: environment.now) { release(gone) }
        if let next = departures.nextExpiry { environment.deadlines.schedule(.gateway, noLaterThan: next) }
    }
}
