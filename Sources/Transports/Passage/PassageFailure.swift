package import HTTP
package import WebSocket

/// Why there is no way through to the broker, or none any more, though there is a connection: a proxy gives none, or
/// WebSocket did not come about, or did not go on.
package struct PassageFailure: Error, Equatable, Sendable {
    /// Who was to give it.
    package enum Place: Equatable, Sendable {
        case proxy
        case webSocket
    }

    package enum Reason: Equatable, Sendable {
        /// The server answers the request for it with another status.
        case refused(Refusal)
        /// It says yes, but not as it must.
        case wrongUpgrade(WebSocketUpgrade.Fault)
        /// What came is no answer of HTTP.
        case noAnswer(HTTPAnswerReader.Fault)
        /// The server has ended the connection without a word.
        case ended
        /// The answer did not come in time.
        case timedOut
        /// The server has sent what is no WebSocket for MQTT.
        case broken(WebSocketFault)
        /// The server has ended WebSocket with a close frame.
        case closed(WebSocketClose)
    }

    /// What a server says instead of yes.
    package struct Refusal: Equatable, Sendable {
        /// As RFC 9110 §15 has it.
        package var status: UInt16
        /// Its words for that, at most `longestText` octets of any kind.
        package var words: [UInt8]
        /// Where it sends whoever asks (Location, without a query, which may hold a secret); empty where it does not.
        package var location: [UInt8]
        /// How a proxy lets itself be told who asks, in lower case; at most `mostSchemes`.
        package var schemes: [String]

        package static let longestText = 200
        package static let mostSchemes = 8

        /// What an answer says.
        init(_ answer: HTTPAnswer) {
            status = answer.status
            words = Array(answer.reason.prefix(Self.longestText))
            let place = answer.values(of: "location").first ?? []
            schemes = HTTPTunnel.schemes(in: answer).prefix(Self.mostSchemes).map { String($0.prefix(32)) }
            location = Array(place.prefix { $0 != UInt8(ascii: "?") }.prefix(Self.longestText))
        }
    }

    package var place: Place
    package var reason: Reason
    /// Whether there was no way through yet.
    package var isInHandshake: Bool

    package init(_ reason: Reason, at place: Place, isInHandshake: Bool) {
        (self.reason, self.place, self.isInHandshake) = (reason, place, isInHandshake)
    }
}
