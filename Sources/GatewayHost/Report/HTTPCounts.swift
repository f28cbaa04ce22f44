import HTTP

/// How often the HTTP server has turned somebody away, at both of its doors together.
struct HTTPCounts {
    /// Why a connection was ended by the gateway without an answer to its request.
    enum Cut: String, CaseIterable {
        /// As many as `http.connections` were open.
        case tooMany = "too_many"
        /// Nothing was asked within `http.timeout_seconds`.
        case silent
        /// A follower let more wait than `http.queued_bytes`, or read nothing for `http.timeout_seconds`.
        case slowReader = "slow_reader"
    }

    private var cuts = [UInt64](repeating: 0, count: Cut.allCases.count)
    private var refusals = [UInt64](repeating: 0, count: HTTPStatus.allCases.count)

    mutating func note(_ cut: Cut) { if let index = Cut.allCases.firstIndex(of: cut) { cuts[index] &+= 1 } }

    /// A request was answered with a status that refuses it.
    mutating func noteRefusal(_ status: HTTPStatus) {
        if let index = HTTPStatus.allCases.firstIndex(of: status) { refusals[index] &+= 1 }
    }

    func write(to metrics: inout MetricsText) {
        metrics.begin(
            "swiftlet_http_connections_refused", .counter,
            "HTTP connections that the gateway ended without an answer, by the reason.")
        for (cut, count) in zip(Cut.allCases, cuts) { metrics.sample(["reason": cut.rawValue], count) }
        metrics.begin(
            "swiftlet_http_requests_refused", .counter, "HTTP requests that were refused, by the status of the answer.")
        for (status, count) in zip(HTTPStatus.allCases, refusals) where status != .ok {
            metrics.sample(["code": String(status.rawValue)], count)
        }
    }
}
