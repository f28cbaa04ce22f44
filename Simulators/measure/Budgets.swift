import Transports

/// How much each scenario may cost, as a file says it: a name, a number and a unit in each line.
struct Budgets {
    /// What a budget counts.
    enum Unit: String {
        /// Allocations per round of a scenario.
        case allocations
        /// Octets per session.
        case bytes
    }

    struct Budget {
        var limit: Double
        var unit: Unit
        var line: Int
    }

    /// What is wrong with the file.
    struct Complaint: Error {
        var text: String
    }

    private(set) var budgetByName: [String: Budget] = [:]

    /// None.
    init() {}

    init(path: String) throws(Complaint) {
        let bytes: [UInt8]
        do throws(IOError) {
            bytes = try FileReader.read(path: path, maximumByteCount: 65_536)
        } catch {
            throw Complaint(text: "the budgets cannot be read: \(error)")
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let content = line.prefix { $0 != "#" }
            let words = content.split(separator: " ")
            if words.isEmpty { continue }
            guard words.count == 3, let limit = Double(words[1]), limit >= 0,
                let unit = Unit(rawValue: String(words[2]))
            else { throw Complaint(text: "\(path):\(index + 1): a line is 'NAME NUMBER allocations' or '… bytes'") }
            guard budgetByName[String(words[0])] == nil else {
                throw Complaint(text: "\(path):\(index + 1): '\(words[0])' has a budget already")
            }
            budgetByName[String(words[0])] = Budget(limit: limit, unit: unit, line: index + 1)
        }
    }

    /// The most that `name` may cost; nil where the file does not say so in this unit.
    func limit(of name: String, in unit: Unit) -> Double? {
        guard let budget = budgetByName[name], budget.unit == unit else { return nil }
        return budget.limit
    }
}
