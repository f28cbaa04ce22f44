package import HTTP

/// How a connection of HTTP/1.1 becomes one of WebSocket for MQTT (RFC 6455 §4.1, MQTT 3.1.1 §6): what is asked, and
/// what the answer must be.
package struct WebSocketUpgrade: Equatable, Sendable {
    /// As Host names the server: a name or an address, IPv6 in brackets, with the port where it is not the usual one.
    private let authority: String
    /// Begins with `/`, percent-encoded.
    private let path: String
    /// The value of Sec-WebSocket-Key.
    private let key: String

    /// Why an answer of 101 makes no WebSocket for MQTT.
    package enum Fault: Equatable, Sendable {
        /// It does not say `Upgrade: websocket`, or not `Connection: Upgrade`.
        case noUpgrade
        /// Sec-WebSocket-Accept is not there, or was not made of our key.
        case wrongAccept
        /// It names no subprotocol.
        case noSubprotocol
        /// It names another one than `mqtt`; as it came.
        case otherSubprotocol([UInt8])
        /// It wants an extension that was not offered; as it came.
        case unknownExtension([UInt8])
    }

    /// An upgrade at the server called `authority`, for `path`; `chance` is new for each, and nobody can foresee it.
    package init(authority: String, path: String, chance: (UInt64, UInt64)) {
        (self.authority, self.path) = (authority, path)
        let octets = [chance.0, chance.1].flatMap { number in withUnsafeBytes(of: number.bigEndian) { Array($0) } }
        key = Base64.text(of: octets)
    }

    /// The request.
    package var request: [UInt8] {
        let lines = [
            "GET \(path) HTTP/1.1", "Host: \(authority)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: mqtt",
        ]
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// What Sec-WebSocket-Accept must be for a key.
    package static func accept(for key: String) -> String { Base64.text(of: SHA1.hash(Array((key + suffix).utf8))) }

    /// RFC 6455 §1.3.
    private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// What is wrong with an answer whose status is 101; nil when nothing is.
    package func fault(in answer: HTTPAnswer) -> Fault? {
        guard answer.lists("websocket", in: "upgrade"), answer.lists("upgrade", in: "connection") else {
            return .noUpgrade
        }
        let accepted = answer.values(of: "sec-websocket-accept")
        guard accepted.count == 1, accepted[0].elementsEqual(Self.accept(for: key).utf8) else { return .wrongAccept }
        if let wanted = answer.elements(of: "sec-websocket-extensions").first { return .unknownExtension(wanted) }
        let protocols = answer.elements(of: "sec-websocket-protocol")
        guard let named = protocols.first else { return .noSubprotocol }
        guard protocols.count == 1, named.elementsEqual("mqtt".utf8) else { return .otherSubprotocol(named) }
        return nil
    }
}
