import Transports

/// The command `measure`: what each procedure of the gateway's core costs, against the budgets that it must keep.
@main
enum Measure {
    static func main() {
        switch MeasureOptions.read(Array(CommandLine.arguments.dropFirst())) {
        case .failure(let complaint):
            Terminal.complain("\(complaint.text)\n\n\(MeasureOptions.helpText)")
            ProcessControl.exit(64)
        case .success(let options):
            if options.isHelpWanted {
                Terminal.print(MeasureOptions.helpText)
                ProcessControl.exit(0)
            }
            ProcessControl.exit(run(options))
        }
    }

    private static var isDebugBuild: Bool {
        var isDebugBuild = false
        // Only a debug build looks at what it asserts.
        assert(
            {
                isDebugBuild = true
                return true
            }())
        return isDebugBuild
    }

    /// - Returns: the exit status.
    private static func run(_ options: MeasureOptions) -> Int32 {
        guard !isDebugBuild else {
            Terminal.complain("a debug build allocates where no other does: build with -c release")
            return 1
        }
        guard AllocationLedger.seesSwift() else {
            Terminal.complain("allocations are not seen here, so nothing can be measured")
            return 1
        }
        guard !options.areLimitsWanted else { return compareLimits(options) }
        let budgets: Budgets
        do throws(Budgets.Complaint) {
            budgets = try Budgets(path: options.budgetsPath)
        } catch {
            Terminal.complain(error.text)
            return 1
        }
        var report = Report(budgets: budgets)
        let names = Scenario.all.map(\.name) + Footprint.all.map(\.name)
        for (name, budget) in budgets.budgetByName.sorted(by: { $0.value.line < $1.value.line })
        where !names.contains(name) {
            report.complain("\(options.budgetsPath):\(budget.line): there is no scenario '\(name)'")
        }
        if let wanted = options.scenario, !names.contains(wanted) {
            Terminal.complain("there is no scenario '\(wanted)'; there are \(names.joined(separator: ", "))")
            return 64
        }
        report.printScenarios(Scenario.all.filter { options.wants($0.name) })
        report.printFootprints(Footprint.all.filter { options.wants($0.name) })
        return conclude(report)
    }

    private static func compareLimits(_ options: MeasureOptions) -> Int32 {
        let names = Hoard.all.map(\.name)
        if let wanted = options.scenario, !names.contains(wanted) {
            Terminal.complain("there is no hoard '\(wanted)'; there are \(names.joined(separator: ", "))")
            return 64
        }
        var report = Report(budgets: Budgets())
        report.printHoards(Hoard.all.filter { options.wants($0.name) })
        return conclude(report)
    }

    private static func conclude(_ report: Report) -> Int32 {
        for complaint in report.complaints { Terminal.complain(complaint) }
        return report.complaints.isEmpty ? 0 : 1
    }
}

/// What the command line asks for.
struct MeasureOptions {
    /// What is wrong with the command line.
    struct Complaint: Error {
        var text: String
    }

    var budgetsPath = "Simulators/measure/Budgets.txt"
    /// nil for all of them.
    var scenario: String?
    var isHelpWanted = false
    var areLimitsWanted = false

    static let helpText = """
        usage: measure [--budgets FILE] [--limits] [--scenario NAME]

          --budgets FILE   What each scenario may cost (default Simulators/measure/Budgets.txt).
          --limits         Fills everything that can be piled up, and compares its memory with the configured limits.
          --scenario NAME  Measures this one only.

        Counts what the gateway's core asks of the allocator, and compares it with the budgets; the times are for
        information. Build it with -c release.
        exit status: 0 all budgets and limits are kept, 1 not so, 64 wrong arguments
        """

    func wants(_ name: String) -> Bool { scenario == nil || scenario == name }

    static func read(_ arguments: [String]) -> Result<MeasureOptions, Complaint> {
        var options = MeasureOptions()
        var rest = arguments[...]
        while let name = rest.popFirst() {
            if name == "--help" || name == "-h" {
                options.isHelpWanted = true
                continue
            }
            if name == "--limits" {
                options.areLimitsWanted = true
                continue
            }
            guard let value = rest.popFirst() else {
                return .failure(Complaint(text: "\(name) is unknown or wants a value"))
            }
            switch name {
            case "--budgets": options.budgetsPath = value
            case "--scenario": options.scenario = value
            default: return .failure(Complaint(text: "\(name) is unknown"))
            }
        }
        return .success(options)
    }
}

/// Text for the person at the terminal.
enum Terminal {
    static func print(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        StandardOutput.write(bytes.span.bytes)
    }

    /// Says what went wrong, on standard error.
    static func complain(_ text: String) {
        let bytes = Array(("measure: " + text + "\n").utf8)
        StandardError.write(bytes.span.bytes)
    }
}
