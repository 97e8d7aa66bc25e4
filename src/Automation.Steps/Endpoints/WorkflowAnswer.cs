using System.Text;
using Automation.Steps.Http;
using Automation.Steps.Values;
using Automation.Workflows.Execution;
using Microsoft.AspNetCore.Http;

namespace Automation.Steps.Endpoints;

/// <summary>Sends what a workflow wrote as its HTTP response.</summary>
public sealed class WorkflowAnswer(HttpCaller caller, StoredFiles files)
{
    // A page that a workflow serves comes from this server's own address: without a sandbox its scripts could act with the
    // session of whoever looks at it.
    private const string Sandbox = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-presentation allow-scripts";

    /// <summary>Whether a workflow has written a response, and what it is.</summary>
    /// <param name="effects">What the workflow wants done by its caller.</param>
    public static WorkflowEffect? Find(IReadOnlyList<WorkflowEffect> effects) => effects.FirstOrDefault(e => e is HttpResponseEffect or FileResponseEffect);

    /// <summary>Sends a response.</summary>
    /// <param name="context">The request.</param>
    /// <param name="response">What <see cref="Find"/> found.</param>
    public async Task WriteAsync(HttpContext context, WorkflowEffect response)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (response is FileResponseEffect file)
            await FileAnswer.WriteAsync(context, file, caller, files);
        else if (response is HttpResponseEffect http)
            await WriteAsync(context, http);
    }

    /// <summary>Keeps documents of workflows apart from the server's own pages.</summary>
    internal static void Isolate(HttpResponse response)
    {
        var type = response.ContentType?.Split(';')[0].Trim().ToLowerInvariant() ?? "";
        if ((type == "text/html" || type.EndsWith("xml", StringComparison.Ordinal)) && response.Headers.ContentSecurityPolicy.Count == 0)
            response.Headers.ContentSecurityPolicy = Sandbox;
    }

    private static async Task WriteAsync(HttpContext context, HttpResponseEffect effect)
    {
        var response = context.Response;
        response.StatusCode = effect.StatusCode;
        var (bytes, type) = Body(effect.Content, effect.ContentType);
        response.ContentType = type;
        foreach (var (name, values) in effect.Headers)
        {
            // How the bytes are framed is the server's business.
            if (!name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) && !name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
                response.Headers[name] = values.ToArray();
        }

        Isolate(response);
        // These statuses have no body, whatever the workflow gave.
        if (effect.StatusCode is 204 or 205 or 304 or < 200)
            return;
        response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static (byte[] Bytes, string? Type) Body(object? content, string? type) => content switch
    {
        null => ([], type),
        string text => (Encoding.UTF8.GetBytes(text), Labelled(type ?? "text/plain", text)),
        byte[] bytes => (bytes, type ?? "application/octet-stream"),
        _ when type is not null => HttpContentWriter.Write(content, type) is { } body ? (body.Bytes, body.ContentType) : ([], type),
        _ => (PlainJson.ToUtf8(content), "application/json"),
    };

    /// <summary>Text that is not plain ASCII says that it is UTF-8: a client that has to guess guesses wrong.</summary>
    private static string Labelled(string type, string text) =>
        type.StartsWith("text/", StringComparison.OrdinalIgnoreCase) && !type.Contains("charset", StringComparison.OrdinalIgnoreCase) && !Ascii.IsValid(text)
            ? type + "; charset=utf-8"
            : type;
}
