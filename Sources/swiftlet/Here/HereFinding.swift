/// One thing that a gateway needs of this machine, and whether it is there.
struct HereFinding {
    enum Verdict: String {
        case good = "✓"
        /// The gateway starts all the same.
        case warning = "!"
        case bad = "✗"

        /// For programs.
        var word: String {
            switch self {
            case .good: "good"
            case .warning: "warning"
            case .bad: "bad"
            }
        }
    }

    var verdict: Verdict
    /// What it is about: `udp://0.0.0.0:1884`.
    var subject: String
    var sentence: String

    init(_ verdict: Verdict, _ subject: String, _ sentence: String) {
        (self.verdict, self.subject, self.sentence) = (verdict, subject, sentence)
    }

    /// A line, with the sentence at `column`.
    func line(column: Int) -> String {
        let gap = String(repeating: " ", count: max(2, column - subject.count))
        return "  \(verdict.rawValue) \(subject)\(gap)\(sentence)"
    }

    var json: String {
        #"{"verdict":"\#(verdict.word)","subject":\#(Text.json(subject)),"sentence":\#(Text.json(sentence))}"#
    }
}
