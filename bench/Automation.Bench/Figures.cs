using System.Globalization;
using System.Text.Json;

namespace Automation.Bench;

/// <summary>The figures of one run: printed as a table, kept as JSON.</summary>
internal sealed class Figures
{
    private readonly List<Figure> _all = [];

    /// <summary>Adds a figure.</summary>
    /// <param name="name">What was measured.</param>
    /// <param name="value">The value.</param>
    /// <param name="unit">Its unit.</param>
    /// <param name="ofFloor">The floor's value of the same kind in the same run, to be set beside it; null where it has none.</param>
    public void Add(string name, double value, string unit, double? ofFloor = null)
    {
        var figure = new Figure(name, value, unit, ofFloor is { } floor ? value / floor : null);
        _all.Add(figure);
        Print(figure);
    }

    public static void PrintHead() => Console.WriteLine($"{"figure",-46} {"value",12} {"unit",-10} {"of floor",9}");

    public void Save(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var json = JsonSerializer.Serialize(
            new { measuredAt = DateTimeOffset.UtcNow, processors = Environment.ProcessorCount, runtime = Environment.Version.ToString(), figures = _all },
            new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true });
        File.WriteAllText(file, json);
        Console.WriteLine($"\nWritten to {file}");
    }

    private static void Print(Figure figure) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{figure.Name,-46} {figure.Value,12:#,0.##} {figure.Unit,-10} {(figure.OfFloor is { } ratio ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : ""),9}"));

    private sealed record Figure(string Name, double Value, string Unit, double? OfFloor);
}
