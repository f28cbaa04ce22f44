import SimulatorSupport
import Transports

/// Tells what passes through the house, one line for each thing that happens.
struct Narrator {
    /// How a piece of text is set off from the rest.
    enum Style: String {
        case plain = "0"
        case dim = "2"
        case device = "1"
        case value = "36"
        case good = "32"
        case warning = "33"
        case bad = "31"
    }

    private static let nameWidth = 13
    private static let arrowWidth = 16
    private static let topicWidth = 25

    private let startedAt: UInt64
    private let isColoured: Bool

    init(startedAt: UInt64) {
        self.startedAt = startedAt
        // https://no-color.org: present and not empty.
        let isRefused = ProcessControl.environment("NO_COLOR").map { !$0.isEmpty } ?? false
        isColoured = ProcessControl.isTerminal(1) && !isRefused
    }

    /// The text in a style, where the terminal shows any.
    func styled(_ text: String, _ style: Style) -> String {
        isColoured && style != .plain ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    func say(_ line: String) { Terminal.print(line) }

    /// Something about one device.
    func tell(_ name: String, _ what: String, _ style: Style = .dim, at time: UInt64) {
        say(beginning(name, time) + " " + styled(what, style))
    }

    /// A message on its way, when it has arrived.
    func tellMessage(from plan: SenderPlan, _ arrival: Ledger.Arrival, at time: UInt64) {
        let latency = "\(Text.milliseconds(arrival.latency)) ms"
        let note =
            arrival.waiting == 0
            ? "\(plan.listener) has it after \(latency)"
            : "waited \(Text.seconds(arrival.waiting)) s, then \(latency) to \(plan.listener)"
        tellMessage(
            from: plan.name, arrival.text, to: plan.topicName, "QoS \(plan.qos.label)  \(note)", .value, at: time)
    }

    /// `thermometer ── 21.4 °C ──▶ home/kitchen/temperature`, with a note at the end.
    func tellMessage(
        from name: String, _ text: String, to topicName: String, _ note: String, _ style: Style, at time: UInt64
    ) {
        let shaft = String(repeating: "─", count: max(2, Self.arrowWidth - text.count))
        say(
            beginning(name, time) + styled(" ── ", .dim) + styled(text, style) + styled(" \(shaft)▶ ", .dim) + " "
                + Text.padded(topicName, to: Self.topicWidth) + " " + styled(note, .dim))
    }

    private func beginning(_ name: String, _ time: UInt64) -> String {
        let seconds = Text.seconds(time > startedAt ? time - startedAt : 0)
        return styled(Text.rightAligned(seconds, to: 7) + " s", .dim) + "  "
            + styled(Text.padded(name, to: Self.nameWidth), .device)
    }
}
