using System.Text;
using System.Text.Json;
using Automation.Intake.Mapping;
using Automation.Intake.Sources;

namespace Automation.Intake.Replies;

/// <summary>How a source answers events with what workflows say; compiled, immutable.</summary>
internal sealed class ReplyMode
{
    /// <summary>From the arrival of the request to its answer.</summary>
    public required TimeSpan Deadline { get; init; }

    /// <summary>The answer where no workflow gives one.</summary>
    public required ReplyContent Fallback { get; init; }

    /// <summary>Patterns of the types that want an answer.</summary>
    public required IReadOnlyList<string> Types { get; init; }

    /// <summary>Patterns of the types that take none.</summary>
    public required IReadOnlyList<string> Never { get; init; }

    /// <summary>Where replies go that are not the answer; null where the sender has no such address.</summary>
    public required EventTemplate? ReplyUrl { get; init; }

    /// <summary>Hosts that reply URLs may have; empty for any.</summary>
    public required IReadOnlyList<string> AllowedHosts { get; init; }

    /// <summary>Whether an event of this type waits for a workflow's reply.</summary>
    public bool Answers(string type) => Types.Any(p => Pattern.Matches(p, type)) && !Never.Any(p => Pattern.Matches(p, type));

    /// <summary>The reply URL of an event.</summary>
    /// <param name="payload">The event.</param>
    /// <param name="problem">Why there is none, where the event names one that cannot be used.</param>
    public string? UrlOf(EventPayload payload, out string? problem)
    {
        problem = null;
        if (ReplyUrl?.Text(payload) is not { Length: > 0 } text)
            return null;
        if (text.Length > 4096 || !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0 || HostOf(url) is not { Length: > 0 } host)
            problem = "The event's reply URL is not an http or https address.";
        else if (AllowedHosts.Count > 0 && !AllowedHosts.Any(h => Pattern.Matches(h.ToLowerInvariant(), host)))
            problem = $"The host {host} of the event's reply URL is not one of the source's allowed hosts.";
        return problem is null ? text : null;
    }

    // Uri takes letters into a host that no host may have, and only says so when it is asked for.
    private static string? HostOf(Uri url)
    {
        try
        {
            return url.Host.Trim('.').Length == 0 ? null : url.IdnHost.ToLowerInvariant();
        }
        catch (UriFormatException)
        {
            return null;
        }
    }

    /// <summary>Whether a source waits for replies, or acknowledges only.</summary>
    public static bool IsWanted(ReplyForm? form, SourceReplyOptions? options) => options?.Enabled ?? form is not null;

    /// <summary>Compiles a source's reply mode.</summary>
    /// <param name="form">What the preset says; null where its sender takes no replies.</param>
    /// <param name="options">What the source says; null for nothing.</param>
    /// <param name="acknowledge">The answer that the sender takes as "received".</param>
    /// <exception cref="FormatException">The reply URL is no template.</exception>
    public static ReplyMode Create(ReplyForm? form, SourceReplyOptions? options, AnswerForm acknowledge)
    {
        var fallback = form?.Fallback ?? acknowledge;
        return new ReplyMode
        {
            Deadline = options?.Deadline ?? form?.Deadline ?? TimeSpan.FromSeconds(5),
            Fallback = options?.FallbackBody is { } text
                ? new ReplyContent(options.FallbackStatus ?? 200, IsJson(text) ? ReplyContent.Json : "text/plain; charset=utf-8", null, Encoding.UTF8.GetBytes(text))
                : Content(fallback, options?.FallbackStatus),
            Types = form?.Types ?? ["*"],
            Never = form?.Never ?? [],
            ReplyUrl = form?.Url is { } url ? EventTemplate.Parse(url) : null,
            AllowedHosts = options?.AllowedReplyHosts ?? [],
        };
    }

    private static ReplyContent Content(AnswerForm form, int? status)
    {
        var body = new Answer(form).Body;
        status ??= form.Status;
        return status == 204 || body.Length == 0 ? new ReplyContent(status.Value, null, null, []) : new ReplyContent(status.Value, ReplyContent.Json, null, body);
    }

    private static bool IsJson(string text)
    {
        try
        {
            JsonElement.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
