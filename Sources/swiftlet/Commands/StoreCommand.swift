import GatewayHost
import JSON
import Transports

/// `swiftlet store`: what the directory of a stopped gateway, or a copy of one, holds.
enum StoreCommand {
    static let entry = CommandEntry(
        "store", operands: "show|check|export DIR", count: 2...2,
        "say what a stopped gateway's store holds, and whether it is whole",
        details: """
            Reads the directory of a gateway that does not run, or a copy of one, and changes nothing. With one that
            runs it shows what was there at a moment, and says so.

            'show' tells of the store and of each session. 'check' tells only what is not as it was written: what a
            crash left behind the last whole batch is none of that. 'export' prints each session as a line of JSON
            with its topics, subscriptions and waiting messages; names are written as 'swiftlet clients' shows
            them, payloads and addresses in hexadecimal.

            A session is uncertain where something behind its last state was lost that may have changed it.
            """,
        options: [.json], success: "it is read; with check: all of it is as it was written",
        failures: [.dataError, .noInput, .noPermission],
        examples: [
            ("swiftlet store show /var/lib/swiftlet/store", "the sessions that a gateway would go on with"),
            ("swiftlet store export ./copy > sessions.jsonl", "all that is known of them, for a program"),
        ],
        synonyms: ["journal", "persistence"], execute: execute)

    /// A gateway that runs deletes files and begins others meanwhile: then all is read once more.
    private static func read(_ files: StoreFiles) throws(StoreRefusal) -> StoreReport {
        let isInUse = files.areInUse
        if isInUse { Terminal.complain("a gateway is using '\(files.path)': this is what was there at a moment") }
        for _ in 0..<(isInUse ? 20 : 0) {
            do throws(StoreRefusal) {
                return try StoreReport(files, at: .now)
            } catch {
                guard case .store(.failed(let error)) = error, error.isMissing else { throw error }
            }
        }
        return try StoreReport(files, at: .now)
    }

    /// What can be done with a store.
    private enum Question: String, CaseIterable { case show, check, export }

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        guard let question = Question(rawValue: arguments.operands[0]) else {
            let known = Question.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw arguments.wrong("a store can be asked to \(known), not '\(arguments.operands[0])'")
        }
        let files = StoreFiles(path: arguments.operands[1])
        let report: StoreReport
        do throws(StoreRefusal) {
            report = try read(files)
        } catch {
            Terminal.complain(error.fact)
            return error.status
        }
        let isJSON = arguments.has(.json)
        switch question {
        case .show:
            for line in isJSON ? [report.wholeJSON.text] : StoreText.lines(report) { Terminal.print(line) }
        case .check:
            for line in isJSON ? [report.json.text] : StoreText.verdict(report) { Terminal.print(line) }
            return report.complaints.isEmpty ? .success : .dataError
        case .export:
            for session in report.sessions { Terminal.print(session.json(isWhole: true).text) }
            for complaint in report.complaints { Terminal.complain(complaint) }
        }
        return .success
    }
}

extension StoreRefusal {
    /// What the command says with its exit code.
    var status: ExitStatus {
        switch self {
        case .journal: .dataError
        case .store(.failed(let error)): error.isPermission ? .noPermission : .noInput
        case .store(.notADirectory): .noInput
        case .store(.inUse): .unavailable
        case .store(.ownedByAnother): .noPermission
        }
    }
}
