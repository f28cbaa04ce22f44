/// What a run of a world has shown.
package enum Verdict: Equatable, Sendable {
    case passed
    /// Something happened that must never happen.
    case incorrect(Failure)
    /// Something did not happen that had to, though nothing stood in its way any more.
    case stuck(Failure)

    /// nil where nothing was found.
    package var failure: Failure? {
        switch self {
        case .passed: nil
        case .incorrect(let failure), .stuck(let failure): failure
        }
    }
}

extension Verdict: CustomStringConvertible {
    package var description: String {
        switch self {
        case .passed: "passed"
        case .incorrect(let failure): "INCORRECT  \(failure.text)"
        case .stuck(let failure): "STUCK  \(failure.text)"
        }
    }
}

/// What was found wrong in a world, and of which kind it is: whoever takes away from the world what the failure does
/// not need must not end with another failure.
package struct Failure: Equatable, Sendable {
    /// Who found it and what it is, without the numbers of the one case.
    package var kind: String
    package var text: String

    /// What a checker found, and the part of the text that says of which kind that is; `client` and `topic` say which
    /// kind of client or topic a number in it stands for.
    init(_ text: String, of core: String, by checker: String, client: (Int) -> String, topic: (Int) -> String) {
        self.text = text
        var words: [Substring] = []
        for word in core.split(separator: " ") {
            let digits = word.prefix { $0.isNumber }
            let rest = word.dropFirst(digits.count)
            guard let number = Int(digits) else {
                words.append(Self.withoutNumbers(word))
                continue
            }
            switch words.last {
            case "client": words.append(client(number) + rest)
            case "topic": words.append(topic(number) + rest)
            case "QoS": words.append(word)
            default: words.append("#" + rest)
            }
        }
        kind = "\(checker): \(words.joined(separator: " "))"
    }

    private static func withoutNumbers(_ word: Substring) -> Substring {
        var short = ""
        for character in word where !(character.isNumber && short.last == "#") {
            short.append(character.isNumber ? "#" : character)
        }
        return Substring(short)
    }
}

extension World {
    func fail(_ text: String, by checker: String = "world") {
        guard verdict == .passed else { return }
        verdict = .incorrect(failure(text, of: text, by: checker))
    }

    /// `details` belong to the one case and say nothing of the kind.
    func standStill(_ text: String, details: String, by checker: String) {
        guard verdict == .passed else { return }
        verdict = .stuck(failure(text + details, of: text, by: checker))
    }

    private func failure(_ text: String, of core: String, by checker: String) -> Failure {
        Failure(text, of: core, by: checker, client: kind(ofClient:), topic: kind(ofTopic:))
    }

    private func kind(ofClient index: Int) -> String {
        guard clients.indices.contains(index) else { return "unknown" }
        return clients[index].options.cleanSession ? "clean" : "lasting"
    }

    private func kind(ofTopic position: Int) -> String {
        guard plan.topics.indices.contains(position) else { return "unknown" }
        return switch plan.topics[position].topic {
        case .name: "name"
        case .predefined: "pre-defined"
        case .shortName: "short"
        }
    }

    /// Takes over the first violation a checker has found.
    func collectViolations() {
        if let text = ledger.violation { fail(text, by: "host") }
        if let text = publications.violation { fail(text, by: "publications") }
        if let text = deliveries.violation { fail(text, by: "deliveries") }
        if let text = conversations.violation { fail(text, by: "conversations") }
        if let text = subscriptions.violation { fail(text, by: "subscriptions") }
        if let text = isolation.violation { fail(text, by: "isolation") }
        if let text = wills.violation { fail(text, by: "wills") }
        if let text = sessions.violation { fail(text, by: "sessions") }
        if let text = rules.violation { fail(text, by: "rules") }
        if let text = pace.violation { fail(text, by: "pace") }
        if let text = discovery.violation { fail(text, by: "discovery") }
    }
}
