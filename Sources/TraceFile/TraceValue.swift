import Bytes
import GatewayCore
import Time

/// A configuration value that has a text from which it can be read again.
protocol TraceValue: SendableMetatype {
    var traceText: String { get }
    /// nil where the text is none of such a value.
    init?(traceText: Substring)
}

// MARK: Numbers

extension UInt8: TraceValue {
    var traceText: String { "\(self)" }
    init?(traceText: Substring) { self.init(traceText) }
}

extension UInt16: TraceValue {
    var traceText: String { "\(self)" }
    init?(traceText: Substring) { self.init(traceText) }
}

extension UInt32: TraceValue {
    var traceText: String { "\(self)" }
    init?(traceText: Substring) { self.init(traceText) }
}

/// A count; none of the configuration's is negative.
extension Int: TraceValue {
    /// The largest that a configuration file can ask for (`limits.queued_bytes`); the core may multiply it.
    static let largestTraceable = 1_099_511_627_776

    var traceText: String { "\(self)" }

    init?(traceText: Substring) {
        guard let value = Int(traceText), 0...Self.largestTraceable ~= value else { return nil }
        self = value
    }
}

extension Bool: TraceValue {
    var traceText: String { "\(self)" }
    init?(traceText: Substring) { self.init(String(traceText)) }
}

/// Such as `10000000000 ns`.
extension TimeSpan: TraceValue {
    var traceText: String { "\(nanoseconds) ns" }

    init?(traceText: Substring) {
        guard traceText.hasSuffix(" ns"), let nanoseconds = UInt64(traceText.dropLast(3)) else { return nil }
        self.init(nanoseconds: nanoseconds)
    }
}

// MARK: Octets

/// Such as `"t/1"`; in hexadecimal, as `x742f31`, where not all octets are plain characters.
extension [UInt8]: TraceValue {
    var traceText: String {
        let isPlain = allSatisfy { 0x20...0x7E ~= $0 && $0 != UInt8(ascii: "\"") }
        guard !isPlain else { return "\"\(String(decoding: self, as: UTF8.self))\"" }
        return "x" + Hexadecimal.text(self)
    }

    init?(traceText: Substring) {
        let utf8 = Array(traceText.utf8)
        if utf8.first == UInt8(ascii: "\""), utf8.last == UInt8(ascii: "\""), utf8.count >= 2 {
            self = Array(utf8.dropFirst().dropLast())
        } else {
            self.init(hexadecimalWord: utf8[...])
        }
    }

    /// Reads `x` and pairs of hexadecimal digits.
    init?(hexadecimalWord word: ArraySlice<UInt8>) {
        guard word.first == UInt8(ascii: "x"), let octets = Hexadecimal.octets(word.dropFirst()) else { return nil }
        self = octets
    }
}

/// The value, or `none`.
extension Optional: TraceValue where Wrapped: TraceValue {
    var traceText: String { self?.traceText ?? "none" }

    init?(traceText: Substring) {
        guard traceText != "none" else {
            self = .none
            return
        }
        guard let value = Wrapped(traceText: traceText) else { return nil }
        self = value
    }
}

// MARK: Choices

/// A choice by the name of its case.
protocol TraceChoice: TraceValue, CaseIterable {}

extension TraceChoice {
    var traceText: String { "\(self)" }

    init?(traceText: Substring) {
        guard let choice = Self.allCases.first(where: { "\($0)" == traceText }) else { return nil }
        self = choice
    }
}

extension QoSMinusOnePolicy: TraceChoice {}
extension EmptyClientIDPolicy: TraceChoice {}
extension QueuePolicy: TraceChoice {}
extension WillUpdatePolicy: TraceChoice {}
extension BrokerProtocol: TraceChoice {}
