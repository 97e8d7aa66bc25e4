using System.Text.Json;
using Automation.Expressions.Liquid;

namespace Automation.Expressions.Tests.Liquid;

/// <summary>Short ways to render in tests.</summary>
internal static class Templates
{
    /// <summary>Saturday, 14 March 2026, 15:09:26.535 UTC.</summary>
    public static readonly DateTimeOffset Moment = new(2026, 3, 14, 15, 9, 26, 535, TimeSpan.Zero);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static LiquidCompiler Compiler(
        ExpressionLimits? limits = null, LiquidOptions? options = null, TimeProvider? clock = null, TimeZoneInfo? zone = null) =>
        new(limits ?? ExpressionLimits.Default, clock ?? new FixedClock(Moment), zone ?? TimeZoneInfo.Utc, options ?? new LiquidOptions());

    public static string Render(string source, string json = "{}", LiquidOptions? options = null, ExpressionLimits? limits = null) =>
        Compiler(limits, options).Compile(source).Render(Scope(json), Token);

    public static LiquidScope Scope(string json)
    {
        var root = JsonElement.Parse(json);
        return new LiquidScope(resolver: (string name, out object? value) =>
        {
            var found = root.TryGetProperty(name, out var property);
            value = found ? property : null;
            return found;
        });
    }

    public static LiquidScope Scope(params (string Name, object? Value)[] values) =>
        new(values.ToDictionary(pair => pair.Name, pair => pair.Value));

    public static ExpressionException Fails(string source, string json = "{}", LiquidOptions? options = null, ExpressionLimits? limits = null) =>
        Assert.Throws<ExpressionException>(() => Render(source, json, options, limits));

    public static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Directory.Packages.props")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        return folder;
    }
}

/// <summary>A clock that stands still.</summary>
internal sealed class FixedClock(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;

    public override long GetTimestamp() => 0;
}

/// <summary>A clock that moves on by a millisecond each time a timestamp is taken.</summary>
internal sealed class TickingClock : TimeProvider
{
    private long _now;

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => Interlocked.Increment(ref _now);
}
