import Configuration
import HTTP
import Transports

// Why a proxy gives no way through.

extension PassageText {
    /// The words, and the key to look at.
    static func proxy(_ reason: PassageFailure.Reason, _ settings: HostSettings) -> (String, key: String) {
        let proxy = "the proxy \(settings.proxy.endpoint?.name ?? "")"
        let wanted = "CONNECT \(settings.broker.target)"
        switch reason {
        case .refused(let refusal):
            let name = refusal.words.isEmpty ? "" : " " + LogText.quoted(refusal.words)
            let (advice, key) = meaning(of: refusal, settings.proxy)
            return ("\(proxy) answers \(wanted) with \(refusal.status)\(name): \(advice)", key)
        case .noAnswer(.notHTTP):
            return ("\(proxy) answers \(wanted), but not in HTTP: is that a proxy, and its port?", "proxy.url")
        case .noAnswer(.tooLong):
            return (
                "\(proxy) answers \(wanted) with more than \(UpgradedStream.longestAnswer) octets of header",
                "proxy.url"
            )
        case .ended:
            return ("\(proxy) ended the connection instead of answering \(wanted): is that its port?", "proxy.url")
        case .timedOut:
            return (
                "\(proxy) takes connections, but does not answer \(wanted) in time: does it reach the broker?",
                "proxy.url"
            )
        // Only WebSocket has those.
        case .wrongUpgrade, .broken, .closed: return ("\(proxy) gives no way through", "proxy.url")
        }
    }

    private static func meaning(
        of refusal: PassageFailure.Refusal, _ settings: ProxySettings
    ) -> (String, key: String) {
        switch refusal.status {
        case 407:
            if !refusal.schemes.isEmpty, !refusal.schemes.contains("basic") {
                let names = refusal.schemes.map { LogText.quoted($0.utf8) }.joined(separator: ", ")
                return ("it lets itself be told who asks by \(names) alone, and the gateway knows Basic", "proxy.url")
            }
            return settings.username == nil
                ? ("it wants to know who asks: proxy.username and proxy.password", "proxy.username")
                : ("it does not take proxy.username and proxy.password", "proxy.username")
        case 401, 403:
            return (
                "it forbids that: many let such connections go to port 443 alone, where a broker may have wss://",
                "broker.url"
            )
        case 404, 502, 503, 504: return ("it does not reach the broker: look at broker.url", "broker.url")
        case 400, 405, 501: return ("it does not let connections through; is that a proxy for CONNECT?", "proxy.url")
        default: return ("look at its own log", "proxy.url")
        }
    }
}
