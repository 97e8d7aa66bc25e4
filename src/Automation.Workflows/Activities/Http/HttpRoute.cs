using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Activities.Http;

/// <summary>
/// The path template of an HTTP endpoint, such as <c>orders/{id:int}/lines/{line?}</c>. Templates that match the same paths
/// have the same <see cref="Key"/>, whatever their parameters are called. The <see cref="Shape"/> is the key without its
/// literals: from the few shapes in use and a path follow the keys that can match it, so that a request finds its endpoint
/// by an index, among any number of them.
/// </summary>
public sealed class HttpRoute
{
    private const string AnyLiteral = "=";

    // Templates are few: they stand in definitions. Those with values of an instance in them come and go.
    private const int MaxCached = 4096;

    private static readonly ConcurrentDictionary<string, HttpRoute> Cache = new(StringComparer.Ordinal);
    private static readonly DefaultInlineConstraintResolver Constraints = CreateResolver();

    private readonly TemplateMatcher _matcher;
    private readonly List<(string Name, IRouteConstraint Constraint)> _constraints = [];

    private HttpRoute(RoutePattern pattern)
    {
        var template = new RouteTemplate(pattern);
        _matcher = new TemplateMatcher(template, new RouteValueDictionary(pattern.Defaults.ToDictionary(d => d.Key, d => d.Value, StringComparer.OrdinalIgnoreCase)));
        Precedence = RoutePrecedence.ComputeInbound(template);
        foreach (var parameter in template.Parameters)
        {
            foreach (var inline in parameter.InlineConstraints)
            {
                var constraint = Constraints.ResolveConstraint(inline.Constraint)
                    ?? throw new FormatException($"The constraint '{inline.Constraint}' of the parameter '{parameter.Name}' is not known.");
                _constraints.Add((parameter.Name!, parameter.IsOptional ? new OptionalRouteConstraint(constraint) : constraint));
            }
        }

        string[] tokens = [.. pattern.PathSegments.Select(Token)];
        Key = string.Join('/', tokens);
        Shape = string.Join('/', pattern.PathSegments.Zip(tokens, (s, t) => IsLiteral(s) ? AnyLiteral : t));
    }

    /// <summary>The same for all templates that match the same paths.</summary>
    public string Key { get; }

    /// <summary>The key, each literal segment replaced by <c>=</c>.</summary>
    public string Shape { get; }

    /// <summary>Of several routes that match a path, the lowest is the most specific one.</summary>
    public decimal Precedence { get; }

    /// <summary>Whether it is a plain path, without parameters.</summary>
    public bool IsLiteralPath => !Shape.Contains('{', StringComparison.Ordinal);

    /// <summary>Reads a template. Slashes around it do not matter.</summary>
    /// <param name="template">The template.</param>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static HttpRoute Parse(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        var text = template.Trim().Trim('/');
        if (Cache.TryGetValue(text, out var known))
            return known;
        try
        {
            var route = new HttpRoute(RoutePatternFactory.Parse(text));
            if (Cache.Count >= MaxCached)
                Cache.Clear();
            return Cache[text] = route;
        }
        catch (Exception e) when (e is RoutePatternException or RouteCreationException or ArgumentException)
        {
            throw new FormatException($"'{template}' is not a path template: {e.Message}", e);
        }
    }

    /// <summary>Reads a template.</summary>
    /// <param name="template">The template.</param>
    /// <param name="route">The route; null where the template is none.</param>
    public static bool TryParse(string? template, [NotNullWhen(true)] out HttpRoute? route)
    {
        route = null;
        if (template is null)
            return false;
        try
        {
            route = Parse(template);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Whether a path matches, with the values of the route's parameters.</summary>
    /// <param name="path">The path below the base path, as it was requested.</param>
    /// <param name="values">Values by parameter name.</param>
    public bool TryMatch(string path, out Dictionary<string, object?> values)
    {
        values = new Dictionary<string, object?>(StringComparer.Ordinal);
        var found = new RouteValueDictionary();
        if (!_matcher.TryMatch("/" + path.Trim('/'), found))
            return false;
        foreach (var (name, constraint) in _constraints)
        {
            if (!constraint.Match(httpContext: null, route: null, name, found, RouteDirection.IncomingRequest))
                return false;
        }

        foreach (var (name, value) in found)
        {
            if (value is not null)
                values[name] = value;
        }

        return true;
    }

    /// <summary>The keys of all routes that can match a path.</summary>
    /// <param name="path">The path below the base path.</param>
    /// <param name="shapes">The shapes in use.</param>
    public static IReadOnlyCollection<string> KeysOf(string path, IEnumerable<string> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        var literal = path.Trim('/').ToLowerInvariant();
        var segments = literal.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var keys = new HashSet<string>(StringComparer.Ordinal) { literal };
        foreach (var shape in shapes)
        {
            if (KeyOf(segments, shape) is { } key)
                keys.Add(key);
        }

        return keys;
    }

    private static string? KeyOf(string[] path, string shape)
    {
        var tokens = shape.Split('/');
        var least = tokens.Length;
        while (least > 0 && (tokens[least - 1].StartsWith("{?", StringComparison.Ordinal) || tokens[least - 1].StartsWith("{*", StringComparison.Ordinal)))
            least--;
        if (path.Length < least || (path.Length > tokens.Length && !tokens[^1].StartsWith("{*", StringComparison.Ordinal)))
            return null;
        for (var i = 0; i < tokens.Length; i++)
        {
            if (tokens[i] == AnyLiteral)
                tokens[i] = path[i];
        }

        return string.Join('/', tokens);
    }

    private static bool IsLiteral(RoutePatternPathSegment segment) => segment.Parts.All(p => p is not RoutePatternParameterPart);

    /// <summary>One segment: a literal in lower case, or each parameter as <c>{}</c> with what tells it apart.</summary>
    private static string Token(RoutePatternPathSegment segment) => string.Concat(segment.Parts.Select(part => part switch
    {
        RoutePatternLiteralPart literal => literal.Content.ToLowerInvariant(),
        RoutePatternSeparatorPart separator => separator.Content,
        RoutePatternParameterPart p =>
            "{" + (p.IsCatchAll ? "*" : p.IsOptional || p.Default is not null ? "?" : "")
            // A slash inside of a constraint would look like the end of a segment.
            + string.Concat(p.ParameterPolicies.Select(c => ":" + c.Content?.Replace('/', '\\'))) + "}",
        _ => "",
    }));

    private static DefaultInlineConstraintResolver CreateResolver()
    {
        var options = new RouteOptions();
        options.SetParameterPolicy<RegexInlineRouteConstraint>("regex");
        return new DefaultInlineConstraintResolver(Options.Create(options), NoServices.Instance);
    }

    private sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
