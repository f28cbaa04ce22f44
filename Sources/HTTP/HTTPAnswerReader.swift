/// Collects the octets of an answer until its head is whole, and reads it (RFC 9112 §2.2); what follows the head is
/// left to whoever asked.
package struct HTTPAnswerReader: Sendable {
    /// What has become of the answer so far.
    package enum Progress: Equatable, Sendable {
        /// More octets must come.
        case incomplete
        case complete(HTTPAnswer)
        /// It is none; further octets change nothing.
        case broken(Fault)
    }

    /// Why there is no answer.
    package enum Fault: Equatable, Sendable {
        /// What came is not HTTP/1.1; its first octets, `shownByteCount` at most.
        case notHTTP([UInt8])
        /// The head is longer than is taken.
        case tooLong
    }

    /// So many octets of what is no HTTP are kept, to tell what else it may be.
    package static let shownByteCount = 16

    private static let beginning = Array("HTTP/1.".utf8)

    private let maximumByteCount: Int
    private var head: [UInt8] = []
    /// Where the line begins that is being collected.
    private var lineStart = 0
    private var lines: [Range<Int>] = []
    /// Octets of interim answers before this one.
    private var earlierByteCount = 0
    private var outcome: Progress = .incomplete

    /// A reader of one answer whose head, with those of interim ones before it, is at most `maximumByteCount` octets
    /// long.
    package init(maximumByteCount: Int) { self.maximumByteCount = maximumByteCount }

    /// Takes octets from `position` on, which then lies behind the last one taken: behind the head, where it is whole.
    package mutating func read(_ bytes: RawSpan, from position: inout Int) -> Progress {
        while outcome == .incomplete, bytes.byteOffsets.contains(position) {
            take(bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self))
            position += 1
        }
        return outcome
    }

    private mutating func take(_ byte: UInt8) {
        guard head.count < maximumByteCount - earlierByteCount else {
            outcome = .broken(.tooLong)
            return
        }
        head.append(byte)
        guard isPossible(byte) else { return fail() }
        if byte == UInt8(ascii: "\n") { endLine() }
    }

    /// Whether it is HTTP/1 still.
    private func isPossible(_ byte: UInt8) -> Bool {
        if lines.isEmpty, head.count <= Self.beginning.count { return byte == Self.beginning[head.count - 1] }
        // A return stands before a line feed alone; other control characters have no place in a head.
        if head.count > lineStart + 1, head[head.count - 2] == UInt8(ascii: "\r"), byte != UInt8(ascii: "\n") {
            return false
        }
        return byte >= 0x20 && byte != 0x7F || "\t\r\n".utf8.contains(byte)
    }

    private mutating func fail() { outcome = .broken(.notHTTP(Array(head.prefix(Self.shownByteCount)))) }

    /// A line feed alone ends a line too, as RFC 9112 §2.2 allows a recipient to have it.
    private mutating func endLine() {
        let hasReturn = head.count > lineStart + 1 && head[head.count - 2] == UInt8(ascii: "\r")
        let line = lineStart..<head.count - (hasReturn ? 2 : 1)
        lineStart = head.count
        guard line.isEmpty else {
            lines.append(line)
            return
        }
        guard let answer = answer() else { return fail() }
        // An interim answer, after which the real one comes (RFC 9110 §15.2).
        guard answer.status >= 200 || answer.status == 101 else {
            earlierByteCount += head.count
            (head, lineStart, lines) = ([], 0, [])
            return
        }
        outcome = .complete(answer)
    }

    /// What the lines say; nil where they are none of HTTP.
    private func answer() -> HTTPAnswer? {
        guard let first = lines.first.map({ head[$0] }), first.count >= 12 else { return nil }
        let digits = first.dropFirst(9).prefix(3)
        guard isDigit(first[first.startIndex + 7]), first[first.startIndex + 8] == UInt8(ascii: " "),
            digits.allSatisfy(isDigit), let status = UInt16(String(decoding: digits, as: UTF8.self)),
            100...599 ~= status
        else { return nil }
        let rest = first.dropFirst(12)
        guard rest.first.map({ $0 == UInt8(ascii: " ") }) ?? true else { return nil }
        var answer = HTTPAnswer(status: status, reason: Array(trimmed(rest)))
        for line in lines.dropFirst().map({ head[$0] }) {
            // Nothing before the colon but the name: a line that continues the one before is obsolete (RFC 9112 §5.2).
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(isInToken)
            else { return nil }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            answer.fields.append(HTTPAnswer.Field(name: name, value: Array(trimmed(line[(colon + 1)...]))))
        }
        return answer
    }
}
