using System.Globalization;
using System.Text;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Tests.Engine.Support;

/// <summary>The small HTTP server of the recording, as an executor of operations.</summary>
internal static class LocalHttp
{
    public const string Base = "http://local.test";
    public const string Refused = "http://refused.test";

    public static OperationResult Run(RunInBackground operation)
    {
        var url = operation.Inputs["Url"] as string ?? "";
        if (url.StartsWith(Refused, StringComparison.Ordinal))
            return new OperationResult { Error = new OperationError(OperationErrorKind.Connection, "Connection refused") };
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri))
        {
            return new OperationResult
            {
                Error = new OperationError(OperationErrorKind.Failed, "An invalid request URI was provided. Either the request URI must be an absolute URI or BaseAddress must be set.", "InvalidOperationException"),
            };
        }

        var parts = uri.AbsolutePath.Trim('/').Split('/');
        var headers = new Dictionary<string, object?>();
        long status = 200;
        object? content;
        switch (parts[0])
        {
            case "status":
                status = long.Parse(parts[1], CultureInfo.InvariantCulture);
                content = new Dictionary<string, object?> { ["code"] = status };
                break;
            case "json":
                content = Parse("""{"n":7,"s":"text","list":[1,2,3],"o":{"deep":true}}""");
                break;
            case "array":
                content = Parse("""[{"id":1},{"id":2}]""");
                break;
            case "text":
                content = "plain text";
                break;
            case "xml":
                content = "<a><b>1</b></a>";
                break;
            case "empty":
                (status, content) = (204, null);
                break;
            case "header":
                headers["X-Reply"] = new List<object?> { uri.Query.Split('=')[^1] };
                content = new Dictionary<string, object?>();
                break;
            case "echo":
                content = Echo(operation, uri);
                break;
            default:
                (status, content) = (404, Parse("""{"error":"nothing here"}"""));
                break;
        }

        return new OperationResult
        {
            Outputs = new Dictionary<string, object?>
            {
                ["StatusCode"] = status,
                ["ParsedContent"] = content,
                ["ResponseHeaders"] = headers,
                ["ResponseContentBytes"] = content is string text ? Encoding.UTF8.GetBytes(text) : null,
            },
        };
    }

    private static Dictionary<string, object?> Echo(RunInBackground operation, Uri uri)
    {
        var type = operation.Inputs["ContentType"] as string;
        var content = type is null ? null : operation.Inputs["Content"];
        var body = content switch
        {
            null => "",
            string s => s,
            IReadOnlyDictionary<string, object?> map when type == "application/x-www-form-urlencoded" =>
                string.Join('&', map.Select(p => $"{p.Key}={Uri.EscapeDataString(ValueConverter.ToText(p.Value!)).Replace("%20", "+", StringComparison.Ordinal)}")),
            _ => JsonValues.ToText(content),
        };
        var x = ((IReadOnlyDictionary<string, object?>)operation.Inputs["RequestHeaders"]!)
            .Where(h => h.Key.StartsWith("x-", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(h => h.Key.ToLowerInvariant(), h => (object?)string.Join(',', ((IReadOnlyList<object?>)h.Value!).Cast<string>()));
        return new Dictionary<string, object?>
        {
            ["method"] = operation.Inputs["Method"],
            ["path"] = uri.AbsolutePath,
            ["query"] = new Dictionary<string, object?>(),
            ["body"] = body,
            ["contentType"] = content is null ? null : type,
            ["auth"] = operation.Inputs["Authorization"],
            ["x"] = x,
        };
    }

    private static object? Parse(string json) => JsonValues.TryParse(json, out var value) ? value : null;
}
