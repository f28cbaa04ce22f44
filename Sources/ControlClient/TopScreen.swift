import Describe
package import JSON

/// What `swiftlet top` shows, and how keys change it; it knows no terminal and no gateway.
package struct TopScreen {
    /// By what clients are sorted; the first order is the gateway's own.
    enum Order: String, CaseIterable {
        case trouble, heard, waiting, messages, repeated
    }

    private var order = Order.trouble
    /// What clients are searched for.
    package private(set) var search = ""
    /// Whether what is typed goes into `search`.
    private var isTyping = false
    /// Which line of the list is marked, from 0.
    private var marked = 0
    private var status: JSONValue?
    private var clients: [JSONValue] = []
    private var hasMore = false
    /// The ClientId of the client that is shown alone.
    package private(set) var chosenClient: String?
    private var client: JSONValue?
    /// Why there is nothing new.
    private var complaint: String?

    package init() {}

    // MARK: What is known

    package mutating func take(status: JSONValue, clients: JSONValue, client: JSONValue?) {
        self.status = status
        self.clients = sorted(clients["clients"]?.elements ?? [])
        hasMore = clients["next"]?.string != nil
        self.client = client
        complaint = nil
        marked = max(0, min(marked, self.clients.count - 1))
    }

    /// The gateway does not answer; what was known stays.
    package mutating func take(complaint: String) { self.complaint = complaint }

    private func sorted(_ clients: [JSONValue]) -> [JSONValue] {
        func number(_ client: JSONValue) -> Double {
            switch order {
            case .trouble: 0
            case .heard: -(client["heard_seconds_ago"]?.number ?? 0)
            case .waiting: client["waiting"]?.number ?? 0
            case .messages: (client["up"]?.number ?? 0) + (client["down"]?.number ?? 0)
            case .repeated: client["repeated"]?.number ?? 0
            }
        }
        guard order != .trouble else { return clients }
        // By position where the numbers are alike, as sorting need not keep the order.
        return clients.enumerated().sorted {
            (number($0.element), $1.offset) > (number($1.element), $0.offset)
        }.map(\.element)
    }

    // MARK: Keys

    /// What a key asks for beyond what the screen shows.
    package enum Wish: Equatable, Sendable {
        case nothing, end
    }

    /// Takes what a terminal sends for one or several keys.
    package mutating func press(_ octets: [UInt8]) -> Wish {
        var rest = octets[...]
        while let octet = rest.popFirst() {
            // An arrow is an escape, a bracket and a letter; an escape alone is the key of that name.
            if octet == 0x1B, rest.first == UInt8(ascii: "[") || rest.first == UInt8(ascii: "O") {
                rest = rest.dropFirst()
                move(rest.popFirst())
                continue
            }
            if press(octet) == .end { return .end }
        }
        return .nothing
    }

    private mutating func move(_ letter: UInt8?) {
        if letter == UInt8(ascii: "A") { marked = max(0, marked - 1) }
        if letter == UInt8(ascii: "B") { marked = min(max(0, clients.count - 1), marked + 1) }
    }

    private mutating func press(_ octet: UInt8) -> Wish {
        // Ctrl-C and Ctrl-D.
        if octet == 0x03 || octet == 0x04 { return .end }
        if isTyping {
            type(octet)
            return .nothing
        }
        switch octet {
        case UInt8(ascii: "q"): return .end
        case UInt8(ascii: "s"):
            let all = Order.allCases
            order = all[((all.firstIndex(of: order) ?? 0) + 1) % all.count]
            clients = sorted(clients)
        case UInt8(ascii: "/"):
            isTyping = true
            chosenClient = nil
        case UInt8(ascii: "k"): move(UInt8(ascii: "A"))
        case UInt8(ascii: "j"): move(UInt8(ascii: "B"))
        case 0x0D, 0x0A:
            chosenClient = chosenClient == nil && marked < clients.count ? clients[marked]["id"]?.string : nil
            client = nil
        case 0x1B, 0x7F, 0x08:
            if chosenClient == nil { search = "" }
            chosenClient = nil
        default: break
        }
        return .nothing
    }

    private mutating func type(_ octet: UInt8) {
        switch octet {
        case 0x0D, 0x0A: isTyping = false
        case 0x1B: (isTyping, search) = (false, "")
        case 0x7F, 0x08: search = String(search.dropLast())
        case 0x20...0x7E where search.count < 64: search.unicodeScalars.append(Unicode.Scalar(octet))
        default: break
        }
    }

    // MARK: What is shown

    /// The screen, at most `height` lines of at most `width` characters; `isColored` adds escapes to them.
    package func lines(width: Int, height: Int, isColored: Bool) -> [String] {
        let style = Style(isOn: isColored)
        var lines = head(width, style)
        if chosenClient != nil {
            lines += (client.map { ClientsText.lines($0) } ?? ["  asking for \(shownClient) …"]).map {
                $0.fitted(to: width).trimmed
            }
        } else {
            lines += table(width, max(0, height - lines.count - 1), style)
        }
        lines = Array(lines.prefix(max(0, height - 1)))
        return lines + [style.dim(foot.fitted(to: width).trimmed)]
    }

    private var shownClient: String { ForeignText.escaped(Array((chosenClient ?? "").utf8)) }

    private func head(_ width: Int, _ style: Style) -> [String] {
        var lines: [String] = []
        if let complaint { lines.append(style.trouble(complaint.fitted(to: width).trimmed)) }
        guard let status else { return lines }
        lines.append(style.strong(Self.summary(status).fitted(to: width).trimmed))
        let troubles = status["needs_a_look"]?.elements ?? []
        lines += troubles.prefix(3).map { style.trouble("! \($0["sentence"].shown)".fitted(to: width).trimmed) }
        return lines
    }

    private func table(_ width: Int, _ height: Int, _ style: Style) -> [String] {
        let (head, rows) = ClientsText.table(clients, width: width)
        guard height > 1 else { return [] }
        // The marked line stays on the screen.
        let first = max(0, min(marked - height / 2, rows.count - height + 1))
        let shown = rows.indices.dropFirst(first).prefix(height - 1).map { index in
            if index == marked { return style.marked(rows[index]) }
            return ClientsText.isTroubled(clients[index]) ? style.trouble(rows[index]) : rows[index]
        }
        return [style.dim(head)] + shown
    }

    private var foot: String {
        if isTyping { return "find: \(search)▏  enter: done, esc: all" }
        if chosenClient != nil { return "enter: back, q: end" }
        let found = search.isEmpty ? "" : "  found with \"\(search)\", esc: all"
        return
            "s: sorted by \(order.rawValue), /: find, enter: one client, q: end\(found)\(hasMore ? "  and more" : "")"
    }

    /// The gateway on one line.
    static func summary(_ status: JSONValue) -> String {
        let (messages, clients, waiting) = (status["messages"], status["clients"], status["waiting"])
        let states = ["awake", "asleep", "overdue", "remembered"]
        let counts = states.map { (name: $0, count: (clients?[$0]).count) }
        let parts = counts.filter { $0.count > 0 }.map { "\($0.count) \($0.name)" }.joined(separator: " ")
        let broker = status["broker"]
        return "swiftlet \((status["gateway"]?["id"]).count)"
            + "  up \(Quantities.span(status["gateway"]?["uptime_seconds"]?.number))"
            + "  broker \((broker?["state"]).shown) \(Quantities.roundTrip(broker?["round_trip_seconds"]?.number))"
            + "  clients \(counts.reduce(0) { $0 + $1.count })/\((clients?["limit"]).count)"
            + (parts.isEmpty ? "" : " (\(parts))")
            + "  ↑\((messages?["up"]?["last_minute"]).count)/min ↓\((messages?["down"]?["last_minute"]).count)/min"
            + "  waiting \((waiting?["messages"]).count) (\(Quantities.octets((waiting?["bytes"]).count)))"
    }

    /// Without a terminal: one line for the gateway, and one for each client in trouble.
    package var plainLines: [String] {
        guard let status else { return complaint.map { [$0] } ?? [] }
        let troubled = clients.filter(ClientsText.isTroubled)
        return [Self.summary(status)] + ClientsText.table(troubled, width: 200).lines
    }
}

extension String {
    /// Without blanks at its end.
    fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}

/// The escapes that a terminal takes for emphasis (ECMA-48 §8.3.117); nothing where they are not wanted.
private struct Style {
    var isOn: Bool

    func strong(_ text: String) -> String { with("1", text) }

    func dim(_ text: String) -> String { with("2", text) }

    func trouble(_ text: String) -> String { with("31", text) }

    func marked(_ text: String) -> String { isOn ? with("7", text) : ">" + text.dropFirst() }

    private func with(_ code: String, _ text: String) -> String { isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
