using Automation.Expressions.Liquid.Nodes;

namespace Automation.Expressions.Liquid;

/// <summary>A template ready to render. Immutable; one instance may render on many threads at once.</summary>
public sealed class CompiledTemplate
{
    internal CompiledTemplate(string source, Block root, TemplateSettings settings, Dictionary<string, int> slots)
    {
        Source = source;
        Root = root;
        Settings = settings;
        Slots = slots;
    }

    /// <summary>The Liquid source text.</summary>
    public string Source { get; }

    internal Block Root { get; }

    internal TemplateSettings Settings { get; }

    /// <summary>Each root name in the source has a slot, so that reading it needs no look-up by name.</summary>
    internal Dictionary<string, int> Slots { get; }

    /// <summary>Renders the template.</summary>
    /// <param name="scope">What the template can see.</param>
    /// <param name="cancellationToken">Ends the rendering early.</param>
    /// <returns>The text written.</returns>
    /// <exception cref="ExpressionException">
    /// <see cref="ExpressionErrorKind.Runtime"/>: a filter refused its input, or a strict mode found something missing;
    /// <see cref="ExpressionErrorKind.Limit"/>: one of <see cref="ExpressionLimits"/> was passed.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public string Render(LiquidScope scope, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(scope);
        cancellationToken.ThrowIfCancellationRequested();
        var context = new RenderContext(this, scope, cancellationToken);
        try
        {
            Root.Render(context);
            return context.Output();
        }
        catch (Exception e) when (e is not (ExpressionException or OperationCanceledException))
        {
            // Values come from the host (a resolver, a disposed JSON document); callers are promised one exception type.
            throw context.Failure(ExpressionErrorKind.Runtime, $"The template could not be rendered: {e.Message}", e);
        }
    }
}
