/// What is asked of a proxy, so that a connection to it becomes one to somebody behind it (RFC 9110 §9.3.6).
package struct HTTPTunnel: Equatable, Sendable {
    /// Name or address and port of who is to be reached, IPv6 in brackets.
    private let target: String
    /// The value of Proxy-Authorization; nil where nobody wants to know who asks.
    private let authorization: String?

    /// A tunnel to `target`, asked for by `username`, whose octets hold no colon (RFC 7617 §2); nil: by nobody.
    package init(to target: String, username: [UInt8]? = nil, password: [UInt8]? = nil) {
        self.target = target
        authorization = username.map { "Basic " + Base64.text(of: $0 + [UInt8(ascii: ":")] + (password ?? [])) }
    }

    /// The request.
    package var request: [UInt8] {
        var text = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
        if let authorization { text += "Proxy-Authorization: \(authorization)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// Whether an answer makes the tunnel; what follows its head is from behind it, whatever the head says of content.
    package static func isMade(by answer: HTTPAnswer) -> Bool { 200..<300 ~= answer.status }

    /// The names of the ways in which a proxy lets itself be told who asks (RFC 9110 §11.7.1), in lower case.
    package static func schemes(in answer: HTTPAnswer) -> [String] {
        answer.values(of: "proxy-authenticate").compactMap { value in
            let name = value.prefix(while: isInToken)
            return name.isEmpty ? nil : String(decoding: name, as: UTF8.self).lowercased()
        }
    }
}
