import Configuration
import GatewayCore
import Transports
import WebSocket

// What is told of proxies and WebSocket.

extension Reporter {
    /// Why there is no way through, or none any more; a usual goodbye is no more than the end of a connection.
    mutating func passageFailed(_ failure: PassageFailure, _ settings: HostSettings) {
        let words = PassageText(failure, settings).words
        if case .closed(let close) = failure.reason, close.isUsual {
            writeAboutClient(.debug, "broker closed a connection: \(words)")
        } else {
            connectionFailed(words)
        }
    }
}

extension Host {
    /// Why there is no way through to the broker, where that is the trouble.
    func passageLook(_ occurrence: Occurrence) -> TroubleText.Look? {
        guard occurrence == .connectUnanswered(.noPassage), let failure = streams.lastPassageFailure else { return nil }
        let text = PassageText(failure, settings.host)
        let what = failure.place == .proxy ? "No way through the proxy" : "No WebSocket with the broker"
        return TroubleText.Look(sentence: "\(what): \(text.words).", key: text.key, isError: true)
    }
}
