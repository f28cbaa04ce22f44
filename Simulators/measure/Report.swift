/// The table of what was measured, and what of it is more than it may be.
struct Report {
    let budgets: Budgets
    private(set) var complaints: [String] = []

    init(budgets: Budgets) { self.budgets = budgets }

    mutating func complain(_ text: String) { complaints.append(text) }

    mutating func printScenarios(_ scenarios: [Scenario]) {
        guard !scenarios.isEmpty else { return }
        Self.printRow(
            "scenario",
            [
                "rounds", "events/round", "allocs/round", "budget", "bytes/round", "ns/event", "events/s", "verdict",
            ])
        for scenario in scenarios {
            let cost = scenario.measure()
            let limit = budgets.limit(of: scenario.name, in: .allocations)
            var verdict = judge(scenario.name, cost.allocationsPerRound, limit, .allocations)
            if !cost.isAsExpected {
                verdict = "other course"
                complain("\(scenario.name) did not take the course that it is to measure")
            }
            Self.printRow(
                scenario.name,
                [
                    String(cost.rounds), String(cost.events / max(1, cost.rounds)),
                    Self.text(cost.allocationsPerRound), limit.map(Self.text) ?? "–", Self.text(cost.bytesPerRound),
                    String(Int(cost.nanosecondsPerEvent)), String(Int(1_000_000_000 / cost.nanosecondsPerEvent)),
                    verdict,
                ])
        }
    }

    mutating func printFootprints(_ footprints: [Footprint]) {
        guard !footprints.isEmpty else { return }
        Terminal.print("")
        Self.printRow("memory", ["sessions", "bytes/session", "budget", "verdict"])
        for footprint in footprints {
            guard let octets = footprint.measure() else {
                complain("\(footprint.name) did not get its sessions")
                continue
            }
            let limit = budgets.limit(of: footprint.name, in: .bytes)
            Self.printRow(
                footprint.name,
                [
                    String(Footprint.sessionCount), String(Int(octets.rounded(.up))),
                    limit.map(Self.text) ?? "–", judge(footprint.name, octets, limit, .bytes),
                ])
        }
    }

    mutating func printHoards(_ hoards: [Hoard]) {
        Self.printRow("hoard (KiB)", ["allowed", "held", "at most", "resident", "refusals", "verdict"])
        for hoard in hoards {
            let size = hoard.measure()
            if !size.isKept { complain("\(hoard.name) takes more memory than the configuration allows") }
            if size.complaintCount == 0 { complain("\(hoard.name) reached no limit, or in silence") }
            let octets = [size.allowedByteCount, size.heldByteCount, size.peakByteCount]
            Self.printRow(
                hoard.name,
                octets.map { String($0 / 1_024) } + [
                    size.residentByteCount.map { String($0 / 1_024) } ?? "–", String(size.complaintCount),
                    size.isKept ? "kept" : "EXCEEDED",
                ])
        }
    }

    private mutating func judge(_ name: String, _ value: Double, _ limit: Double?, _ unit: Budgets.Unit) -> String {
        guard let limit else {
            complain("\(name) has no budget in \(unit.rawValue)")
            return "no budget"
        }
        guard value > limit else { return "kept" }
        complain("\(name) costs \(Self.text(value)) \(unit.rawValue), and its budget is \(Self.text(limit))")
        return "EXCEEDED"
    }

    /// A whole number, or two digits behind the point; what is a little more than 0 does not look like 0.
    private static func text(_ value: Double) -> String {
        if value == value.rounded() { return String(Int(value)) }
        let hundredths = Int((value * 100).rounded(.up))
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    private static func printRow(_ name: String, _ cells: [String]) {
        var line = padded(name, 26, isLeft: true)
        for cell in cells { line += padded(cell, 14, isLeft: false) }
        Terminal.print(line)
    }

    private static func padded(_ text: String, _ width: Int, isLeft: Bool) -> String {
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return isLeft ? text + padding : padding + text
    }
}
