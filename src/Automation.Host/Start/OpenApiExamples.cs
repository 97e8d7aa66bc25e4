using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Automation.Host.Start;

/// <summary>What a caller sends, as an example for each operation that takes JSON.</summary>
internal static class OpenApiExamples
{
    /// <summary>By method and path, as the description has them.</summary>
    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["POST /api/events/{id}/test"] = """{"workflow":"call-ended"}""",
        ["POST /api/replays"] = """{"source":"flyflow","type":"call_ended","status":"Failed","from":"2026-01-01T00:00:00Z","dryRun":true}""",
        ["POST /api/sources/{source}/verify"] = """{"headers":{"X-Hub-Signature-256":"sha256=…"},"body":"{\"action\":\"opened\"}"}""",
        ["POST /api/sources/{source}/preview"] = """{"body":"{\"event_type\":\"call_ended\",\"call_id\":\"c-1\",\"timestamp\":\"2026-01-01T00:00:00Z\"}"}""",
        ["POST /api/sources/advice"] = """{"body":"{\"event\":\"ended\",\"call\":{\"id\":\"c-1\"},\"sent_at\":\"2026-01-01T00:00:00Z\"}"}""",
        ["PUT /api/sources/{slug}"] = """{"preset":"generic","headerToken":{"name":"X-Token","values":["a long random text"]},"type":"{event}","correlation":"{call.id}"}""",
        ["POST /api/mappings/check"] = """{"rules":[{"id":"calls","source":"flyflow","type":"call_ended","workflow":"call-ended","inputs":{"Event":"{$payload}"}}]}""",
        ["PUT /api/mappings"] = """{"rules":[{"id":"calls","source":"flyflow","type":"call_ended","workflow":"call-ended","inputs":{"Event":"{$payload}"}}]}""",
        ["POST /api/instances/{id}/retry"] = """{"activityIds":["PostSummary"],"variables":{"Url":"https://api.example.org"}}""",
        ["POST /api/instances/{id}/move"] = """{"version":3,"dryRun":true}""",
        ["POST /api/instances/{id}/rerun"] = """{"input":{"Event":{"call_id":"c-1"}}}""",
        ["POST /api/jobs/requeue"] = """{"state":"Failed","exception":"System.TimeoutException","from":"2026-01-01T00:00:00Z"}""",
        ["POST /api/jobs/delete"] = """{"state":"Failed","name":"workflow.activity","queue":"default"}""",
        ["POST /api/jobs/recurring/trigger"] = """{"ids":["nightly-report"]}""",
        ["POST /api/jobs/recurring/pause"] = """{"ids":["nightly-report"]}""",
        ["POST /api/jobs/recurring/resume"] = """{"ids":["nightly-report"]}""",
        ["POST /api/jobs/recurring/remove"] = """{"ids":["nightly-report"]}""",
        ["POST /api/users"] = """{"name":"ada","role":"operator","password":"correct horse battery staple"}""",
        ["PATCH /api/users/{id}"] = """{"role":"designer","disabled":false}""",
        ["POST /api/keys"] = """{"name":"crm","role":"viewer","scopes":["events:read"],"expiresAt":"2027-01-01T00:00:00Z"}""",
        ["PUT /api/secrets/{name}"] = """{"value":"xoxb-…"}""",
        ["PUT /api/data/{collection}/{key}"] = """{"status":"open","amount":120}""",
        ["POST /api/data/{collection}/query"] = """{"where":{"status":"open","amount":{"gte":100}},"orderBy":"-amount","take":50}""",
        ["PUT /api/channels/{name}"] = """{"kind":"Slack","url":"https://hooks.slack.com/services/…"}""",
        ["POST /api/channels/{name}/test"] = """{"subject":"Test","text":"Can you read this?"}""",
        ["POST /api/channels/preview"] = """{"body":"Call {{ Call.id }} took {{ Call.seconds }} s","values":{"Call":{"id":"c-1","seconds":42}}}""",
        ["POST /api/endpoints"] = """{"url":"https://receiver.example/hooks","description":"Orders","eventTypes":["order.*"]}""",
        ["PUT /api/endpoints/{id}"] = """{"url":"https://receiver.example/hooks","eventTypes":["order.*"],"enabled":true}""",
        ["POST /api/endpoints/{id}/resend"] = """{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}""",
        ["PUT /api/event-types/{name}"] = """{"description":"An order was paid.","schema":{"type":"object","required":["orderId"]}}""",
        ["POST /api/deliveries"] = """{"eventType":"order.paid","payload":{"orderId":"o-1","amount":120}}""",
    };

    /// <summary>The operations that have an example.</summary>
    public static IReadOnlyCollection<string> Operations => Bodies.Keys;

    public static Task AddAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var name = $"{context.Description.HttpMethod} /{context.Description.RelativePath?.TrimEnd('/')}";
        if (operation.RequestBody?.Content is { } content && Bodies.TryGetValue(name, out var body))
        {
            foreach (var (type, media) in content)
            {
                if (type.Contains("json", StringComparison.OrdinalIgnoreCase))
                    media.Example = JsonNode.Parse(body);
            }
        }

        return Task.CompletedTask;
    }
}
