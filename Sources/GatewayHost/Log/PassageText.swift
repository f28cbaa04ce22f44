package import Configuration
import HTTP
package import Transports
import WebSocket

/// Why there is no way through to the broker by a proxy or WebSocket, in words, with the key that may change it.
package struct PassageText {
    package let words: String
    /// The key of the configuration to look at.
    let key: String

    private static let wanted = "the upgrade to WebSocket"

    package init(_ failure: PassageFailure, _ settings: HostSettings) {
        switch failure.place {
        case .proxy: (words, key) = Self.proxy(failure.reason, settings)
        case .webSocket:
            let words = Self.webSocket(failure.reason, settings.broker)
            self.words = failure.isInHandshake ? words : "WebSocket ended after it was made: " + words
            key = "broker.url"
        }
    }

    private static func webSocket(_ reason: PassageFailure.Reason, _ endpoint: BrokerEndpoint) -> String {
        let broker = endpoint.name
        switch reason {
        case .refused(let refusal): return refused(refusal, endpoint)
        case .wrongUpgrade(let fault): return wrongUpgrade(fault, endpoint)
        case .noAnswer(.notHTTP(let octets)): return notHTTP(octets, endpoint)
        case .noAnswer(.tooLong):
            return "\(broker) answers \(wanted) with more than \(UpgradedStream.longestAnswer) octets of header"
        case .ended:
            return "\(broker) ended the connection instead of answering \(wanted): is that its port for WebSocket"
                + (endpoint.isEncrypted ? "?" : ", and does it want TLS (wss://)?")
        case .timedOut:
            return "\(broker) takes connections, but does not answer \(wanted) in time: is that its port for WebSocket?"
        case .broken(let fault): return "\(broker) does not keep to WebSocket: it sent \(words(for: fault))"
        case .closed(let close): return "\(broker) ended it with \(words(for: close))"
        }
    }

    // MARK: What is answered in HTTP

    private static func refused(_ refusal: PassageFailure.Refusal, _ endpoint: BrokerEndpoint) -> String {
        let name = refusal.words.isEmpty ? "" : " " + LogText.quoted(refusal.words)
        let answer = "\(endpoint.name) answers \(wanted) with \(refusal.status)\(name)"
        switch refusal.status {
        case 200..<300: return "\(answer): a web server listens there; look at port and path"
        case 300..<400 where !refusal.location.isEmpty:
            return "\(answer), for \(LogText.quoted(refusal.location)): write where the broker is into broker.url"
        case 400 where !endpoint.isEncrypted:
            return "\(answer): it speaks no WebSocket there, or wants TLS (wss://)"
        case 401, 403:
            return "\(answer): it wants to know by HTTP who asks, or lets nobody in at this path; the gateway tells its"
                + " user name and password in MQTT alone"
        case 404, 410: return "\(answer): it speaks no WebSocket at this path, which is often /mqtt, /ws or /"
        case 426: return "\(answer): it speaks another version of WebSocket than 13"
        case 429: return "\(answer): it is asked too often"
        case 502, 503, 504: return "\(answer): the broker behind that web server does not answer; is it running?"
        case 500...: return "\(answer): look at its own log"
        default: return "\(answer): it speaks no WebSocket there; look at port and path"
        }
    }

    private static func wrongUpgrade(_ fault: WebSocketUpgrade.Fault, _ endpoint: BrokerEndpoint) -> String {
        let changes = "\(endpoint.name) changes to WebSocket,"
        switch fault {
        case .noUpgrade: return "\(endpoint.name) answers \(wanted) with 101, but does not say that it is WebSocket"
        case .wrongAccept:
            return "\(changes) but with a wrong Sec-WebSocket-Accept: that is no answer to what was asked; is there"
                + " something in between, such as a cache?"
        case .noSubprotocol:
            return "\(changes) but does not say that it speaks mqtt in it (Sec-WebSocket-Protocol): is there another"
                + " service at this path?"
        case .otherSubprotocol(let name):
            return "\(changes) but speaks \(quoted(name)) in it, not mqtt (Sec-WebSocket-Protocol): look at the path"
        case .unknownExtension(let name):
            return "\(changes) but with an extension that was not asked for: \(quoted(name))"
        }
    }

    private static func notHTTP(_ octets: [UInt8], _ endpoint: BrokerEndpoint) -> String {
        // An alert or a record of the handshake (RFC 8446 §5.1).
        if let first = octets.first, 20...22 ~= first, !endpoint.isEncrypted {
            return "\(endpoint.name) speaks TLS: write wss://, or name its port without TLS"
        }
        return "\(endpoint.name) answers \(wanted), but not in HTTP: name its port for WebSocket, or write"
            + " \(endpoint.isEncrypted ? "mqtts" : "mqtt"):// where it speaks plain MQTT"
    }

    private static func quoted(_ octets: [UInt8]) -> String {
        LogText.quoted(octets.prefix(PassageFailure.Refusal.longestText))
    }

    // MARK: What goes wrong later

    private static func words(for fault: WebSocketFault) -> String {
        switch fault {
        case .text: "a text frame, and MQTT is binary (MQTT 3.1.1 section 6)"
        case .masked: "a masked frame, as only clients do (RFC 6455 section 5.1)"
        case .reservedBits: "a frame with reserved bits, as if an extension had been agreed on (RFC 6455 section 5.2)"
        case .reservedType: "a frame of a reserved type (RFC 6455 section 5.2)"
        case .impossibleLength: "a frame with an impossible length (RFC 6455 section 5.2)"
        case .badControlFrame: "a control frame that is too long or in pieces (RFC 6455 section 5.5)"
        case .brokenMessage: "frames out of their order (RFC 6455 section 5.4)"
        case .badClose: "a close frame of one octet, or with a code that none may have (RFC 6455 section 7.4)"
        }
    }

    private static func words(for close: WebSocketClose) -> String {
        guard let code = close.code else { return "a close frame that says no reason" }
        let name = close.words.map { ", \($0)" } ?? ""
        let reason = close.reason.isEmpty ? "" : ": " + LogText.quoted(close.reason)
        return "close code \(code)\(name)\(reason)"
    }
}
