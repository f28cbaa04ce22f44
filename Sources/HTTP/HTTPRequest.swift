/// One request of HTTP/1.1 or HTTP/1.0, as far as a server needs it that takes no content (RFC 9110, RFC 9112).
package struct HTTPRequest: Equatable, Sendable {
    /// What is to be done (RFC 9110 §9); the server names those that it takes with 405.
    package enum Method: Equatable, Sendable {
        case get
        case head
        case post
        /// Any other token.
        case other
    }

    package var method: Method

    /// The path before `?`, percent-decoded; begins with `/`. Any octets but NUL.
    package var path: [UInt8]

    /// The parameters after `?` in their order, each name and value percent-decoded; `+` is a plus (RFC 3986).
    package var query: [Parameter]

    /// Whom the request is for: the authority of its target where it has one, else Host; nil in HTTP/1.0 without Host.
    package var host: HTTPHost?

    /// The token of `Authorization: Bearer …` (RFC 6750 §2.1).
    package var bearerToken: [UInt8]?

    /// The value of Accept (RFC 9110 §12.5.1), of several fields joined by a comma; empty for none.
    package var accept: [UInt8]

    /// One `name=value` of a query.
    package struct Parameter: Equatable, Sendable {
        package var name: [UInt8]
        package var value: [UInt8]

        package init(name: [UInt8], value: [UInt8]) { (self.name, self.value) = (name, value) }
    }

    package init(
        method: Method, path: [UInt8], query: [Parameter] = [], host: HTTPHost? = nil, bearerToken: [UInt8]? = nil,
        accept: [UInt8] = []
    ) {
        (self.method, self.path, self.query, self.host) = (method, path, query, host)
        (self.bearerToken, self.accept) = (bearerToken, accept)
    }

    /// The value of the first parameter called `name`; nil when there is none.
    package func parameter(_ name: String) -> [UInt8]? {
        query.first { $0.name.elementsEqual(name.utf8) }?.value
    }

    /// Whether the value of a parameter says yes: `1` or `true`.
    package func isSet(_ name: String) -> Bool {
        guard let value = parameter(name) else { return false }
        return value.elementsEqual("1".utf8) || value.elementsEqual("true".utf8)
    }
}

/// Why a request is not taken: what is answered, and a sentence for whoever sent it.
package struct HTTPRefusal: Error, Equatable, Sendable {
    package var status: HTTPStatus
    /// What is wrong with the request, without a full stop; plain ASCII that holds nothing of it.
    package var sentence: String

    package init(_ status: HTTPStatus, _ sentence: String) { (self.status, self.sentence) = (status, sentence) }
}
