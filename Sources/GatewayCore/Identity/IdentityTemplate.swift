/// A text in which variables stand for what is known of a client (`ClientRule`).
package struct IdentityTemplate: Equatable, Sendable {
    /// What a variable stands for.
    package enum Variable: String, Sendable, CaseIterable {
        case clientID = "client_id"
        case gatewayID = "gateway_id"
        case node
    }

    private enum Part: Equatable, Sendable {
        case literal([UInt8])
        case variable(Variable)

        var isLiteral: Bool { if case .literal = self { true } else { false } }
    }

    private var parts: [Part] = []
    /// The name of the first variable that there is not, or what stands behind a `${` without end; nil where all is
    /// well. Such text stands for itself.
    package private(set) var unknownVariable: [UInt8]?

    package init(_ text: [UInt8]) {
        var rest = text[...]
        var literal: [UInt8] = []
        while let start = Self.start(in: rest) {
            literal += rest[..<start]
            let name = rest[(start + 2)...].prefix { $0 != UInt8(ascii: "}") }
            let variable = Variable(rawValue: String(decoding: name, as: UTF8.self))
            if let variable, name.endIndex < rest.endIndex {
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = []
                parts.append(.variable(variable))
                rest = rest[(name.endIndex + 1)...]
            } else {
                if unknownVariable == nil { unknownVariable = Array(name) }
                literal += rest[start..<(start + 2)]
                rest = rest[(start + 2)...]
            }
        }
        literal += rest
        if !literal.isEmpty { parts.append(.literal(literal)) }
    }

    /// Whether that ClientId may stand in a topic name.
    package func takesClientID(_ clientID: [UInt8]) -> Bool { ClientID(bytes: clientID).isOneTopicLevel }

    /// The text with other octets for `${client_id}` and the gateway's number, and what is unknown as it stands.
    package func text(clientID: [UInt8], gatewayID: UInt8) -> [UInt8] {
        parts.flatMap { part in
            switch part {
            case .literal(let octets): octets
            case .variable(.clientID): clientID
            case .variable(.gatewayID): Array("\(gatewayID)".utf8)
            case .variable(.node): Array("${node}".utf8)
            }
        }
    }

    package static var variableNames: [String] { Variable.allCases.map(\.rawValue) }

    /// Where the first `${` is.
    private static func start(in text: ArraySlice<UInt8>) -> Int? {
        text.indices.dropLast().first { text[$0] == UInt8(ascii: "$") && text[$0 + 1] == UInt8(ascii: "{") }
    }

    /// Whether a variable stands in it.
    package func holds(_ variable: Variable) -> Bool { parts.contains(.variable(variable)) }

    /// Whether it is the same for every client of a gateway.
    var isSameForAll: Bool { !holds(.clientID) && !holds(.node) }

    /// The text with a placeholder in place of each octet that is not part of a variable.
    var withoutLiterals: [UInt8] {
        parts.flatMap { part -> [UInt8] in
            switch part {
            case .literal(let octets): Secrets.placeholder(byteCount: octets.count)
            case .variable(let variable): Array("${\(variable.rawValue)}".utf8)
            }
        }
    }

    /// Whether there is no variable in it but one `${client_id}`.
    var isClientIDBetween: Bool { parts.count { !$0.isLiteral } == 1 && holds(.clientID) }

    /// What its variables, with all that stands between them, would have to be for `text` to come out; nil where it
    /// cannot.
    func gap(in text: [UInt8]) -> [UInt8]? {
        guard let first = parts.first, let last = parts.last else { return text.isEmpty ? [] : nil }
        var gap = text[...]
        if case .literal(let head) = first {
            guard gap.starts(with: head) else { return nil }
            gap = gap.dropFirst(head.count)
            if parts.count == 1 { return gap.isEmpty ? [] : nil }
        }
        if parts.count > 1, case .literal(let tail) = last {
            guard gap.suffix(tail.count).elementsEqual(tail) else { return nil }
            gap = gap.dropLast(tail.count)
        }
        return Array(gap)
    }

    /// What it stands for with these values; throws the first variable that has none.
    func text(_ value: (Variable) -> [UInt8]?) throws(Missing) -> [UInt8] {
        var text: [UInt8] = []
        for part in parts {
            switch part {
            case .literal(let octets): text += octets
            case .variable(let variable):
                guard let octets = value(variable) else { throw Missing(variable: variable) }
                text += octets
            }
        }
        return text
    }

    /// A variable that has no value.
    struct Missing: Error, Equatable {
        var variable: Variable
    }
}
