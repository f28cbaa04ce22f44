import ControlClient
import Describe
import GatewayCore
import GatewayHost
import Journal

/// A store in words, for a person.
enum StoreText {
    /// The store, what is wrong with it, and a line for each session.
    static func lines(_ report: StoreReport) -> [String] {
        head(report) + findings(report) + (report.sessions.isEmpty ? [] : [""] + table(report.sessions))
    }

    /// Whether it is whole, and what is not.
    static func verdict(_ report: StoreReport) -> [String] {
        let count = report.complaints.count
        let sentence =
            count == 0
            ? "all of it is as it was written"
            : "\(count) \(count == 1 ? "part" : "parts") cannot be read; "
                + "\(sessions(report.uncertainCount)) may be out of date"
        return head(report) + findings(report) + [sentence]
    }

    private static func head(_ report: StoreReport) -> [String] {
        let journal = report.journal
        guard let gatewayID = journal.gatewayID else {
            return [
                "\(report.path): \(journal.segments.isEmpty ? "no store is here" : "a store of which no head is left")"
            ]
        }
        let segments = journal.segments.count
        let written = journal.lastMoment.map { "written last at \($0.text)" } ?? "nothing was written"
        return [
            "\(report.path): gateway \(gatewayID), \(sessions(report.sessions.count)), "
                + "\(segments) \(segments == 1 ? "segment" : "segments") of \(report.byteCount.octets)",
            "\(written), \(journal.isClosed ? "as the last thing before an end in order" : "without an end in order")",
        ]
    }

    private static func findings(_ report: StoreReport) -> [String] {
        report.complaints.map { "! " + $0 } + report.remarks.map { "? " + $0 }
    }

    private static func sessions(_ count: Int) -> String { "\(count) \(count == 1 ? "session" : "sessions")" }

    // MARK: The table

    private static let names = [
        "CLIENT", "STATE", "KEEP-ALIVE", "SLEEP", "TOPICS", "SUBSCRIPTIONS", "WAITING", "OCTETS", "SIZE", "AGE",
    ]

    /// Columns as wide as what is in them.
    private static func table(_ sessions: [StoreReport.Session]) -> [String] {
        let rows = [names] + sessions.map(row)
        let widths = names.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { cells in
            let padded = zip(cells, widths).enumerated().map { index, pair in
                let blanks = String(repeating: " ", count: pair.1 - pair.0.count)
                return index < 2 ? pair.0 + blanks : blanks + pair.0
            }
            return padded.joined(separator: "  ")
        }
    }

    private static func row(_ session: StoreReport.Session) -> [String] {
        let name = ForeignText.escaped(session.entry.key)
        let size = "\(session.entry.value.count)"
        let age = Quantities.span(session.ageSeconds)
        guard case .success(let stored) = session.stored else {
            return [name, "cannot be read", "–", "–", "–", "–", "–", "–", size, age]
        }
        let contents = stored.record.contents
        return [
            name, contents.phase + (session.entry.isUncertain ? ", uncertain" : ""),
            seconds(contents.keepAliveSeconds), seconds(contents.sleepSeconds), "\(contents.topics.count)",
            "\(contents.subscriptions.count)", "\(contents.messages.count)", "\(contents.waitingByteCount)", size, age,
        ]
    }

    private static func seconds(_ count: Int) -> String { count == 0 ? "–" : Quantities.span(Double(count)) }
}
