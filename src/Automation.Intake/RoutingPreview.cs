using System.Text;
using Automation.Intake.Events;
using Automation.Intake.Identification;
using Automation.Intake.Mapping;
using Automation.Intake.Sources;
using Automation.Storage.Events;
using Microsoft.AspNetCore.Http;

namespace Automation.Intake;

/// <summary>What a pasted payload would be taken for, and what would happen.</summary>
/// <param name="Problem">Why it would be refused; null where it would be taken.</param>
/// <param name="Type">Its event type.</param>
/// <param name="CorrelationKey">Its correlation key.</param>
/// <param name="DedupeKey">Its dedupe key.</param>
/// <param name="OccurredAt">Its time.</param>
/// <param name="Decision">What each mapping rule says.</param>
public sealed record PreviewResult(string? Problem, string? Type, string? CorrelationKey, string? DedupeKey, DateTimeOffset? OccurredAt, RoutingDecision Decision);

/// <summary>Answers what would happen with a payload, without storing or starting anything.</summary>
public sealed class RoutingPreview(SourceCatalog sources, MappingStore mappings, TimeProvider clock)
{
    /// <summary>Previews a payload.</summary>
    /// <param name="source">Slug of the source.</param>
    /// <param name="body">The payload.</param>
    /// <param name="headers">Headers that the source's preset looks at, or null.</param>
    /// <param name="query">The query string with its question mark, where the preset looks at it, or null.</param>
    /// <returns>Null where there is no such source.</returns>
    public PreviewResult? Preview(string source, string body, IReadOnlyDictionary<string, string>? headers = null, string? query = null) => Preview(source, body, headers, query, mappings.Current);

    internal PreviewResult? Preview(string source, string body, IReadOnlyDictionary<string, string>? headers, string? query, RuleSet rules)
    {
        if (sources.Find(source) is null)
            return null;
        return Read(source, body, headers, query, out var problem, out var identity) is { } payload
            ? new PreviewResult(null, identity.Type, identity.CorrelationKey, identity.DedupeKey, identity.OccurredAt, rules.Explain(payload))
            : new PreviewResult(problem, null, null, null, null, new RoutingDecision([]));
    }

    /// <summary>What a rule that is not in force would say to a payload.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="source">Slug of the source.</param>
    /// <param name="body">The payload.</param>
    /// <param name="headers">Headers that the source's preset looks at, or null.</param>
    /// <param name="query">The query string with its question mark, where the preset looks at it, or null.</param>
    /// <returns>Null where there is no such source, or it would refuse the payload.</returns>
    /// <exception cref="FormatException">The rule cannot be used; the message says why.</exception>
    public RuleVerdict? Try(MappingRule rule, string source, string body, IReadOnlyDictionary<string, string>? headers = null, string? query = null)
    {
        var compiled = new CompiledRule(rule, mappings.Expressions);
        return Read(source, body, headers, query, out _, out _) is { } payload ? compiled.Judge(payload) : null;
    }

    /// <summary>Checks a rule that is not in force.</summary>
    /// <exception cref="FormatException">It cannot be used; the message says why.</exception>
    public void Check(MappingRule rule) => _ = new CompiledRule(rule, mappings.Expressions);

    private EventPayload? Read(string source, string body, IReadOnlyDictionary<string, string>? headers, string? query, out string? problem, out Identity identity)
    {
        (problem, identity) = (null, default);
        if (sources.Find(source) is not { } found)
            return null;
        IHeaderDictionary dictionary = new HeaderDictionary();
        foreach (var (name, value) in headers ?? new Dictionary<string, string>(StringComparer.Ordinal))
            dictionary[name] = value;
        var bytes = Encoding.UTF8.GetBytes(body);
        var request = new WebhookRequest(dictionary, bytes, WebhookRequest.QueryOf(query), null, null);
        problem = found.Identifier.Read(request, out identity, out _);
        if (problem is not null)
            return null;
        var incoming = new IncomingEvent
        {
            Id = "preview",
            Source = found.Slug,
            Type = identity.Type,
            Status = EventStatus.Received,
            CorrelationKey = identity.CorrelationKey,
            ReceivedAt = clock.GetUtcNow(),
            OccurredAt = identity.OccurredAt,
            Answer = found.Acknowledgement.Status,
            BodySize = bytes.Length,
            Body = bytes,
            IsForm = FormFields.IsForm(dictionary.ContentType),
        };
        return new EventPayload(incoming);
    }
}
