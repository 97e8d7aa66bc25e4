using System.Globalization;
using System.Text;
using System.Text.Json;
using Automation.Expressions.JavaScript;
using BenchmarkDotNet.Attributes;

namespace Automation.Expressions.Bench;

/// <summary>The figures of docs/performance.md. Run with <c>-c Release -- --filter *</c>.</summary>
[MemoryDiagnoser]
public class JavaScriptBench
{
    private readonly JavaScriptCompiler _compiler = new(ExpressionLimits.Default, TimeProvider.System, TimeZoneInfo.Utc);
    private ScriptScope _scope = null!;
    private ScriptScope _lists = null!;
    private CompiledScript _field = null!;
    private CompiledScript _template = null!;
    private CompiledScript _pipeline = null!;
    private int _sources;

    [GlobalSetup]
    public void Prepare()
    {
        var payload = new StringBuilder("""{"id":"evt-1","type":"tool_call","data":{""");
        for (var i = 0; i < 30; i++)
            payload.Append(CultureInfo.InvariantCulture, $"\"field{i}\":\"value {i} with enough text to fill two kilobytes\",");
        payload.Append("""
            "tool_input":{"city":"Berlin","days":3}}}
            """);
        var items = "[" + string.Join(',', Enumerable.Range(0, 100).Select(i => $$"""{"qty":{{i % 5}},"price":{{i}}.5}""")) + "]";
        _scope = new ScriptScope().Set("input", JsonDocument.Parse(payload.ToString()).RootElement).Set("items", JsonDocument.Parse(items).RootElement);
        _lists = new ScriptScope().Set("items", Enumerable.Range(0, 100).Select(i => (object?)new Dictionary<string, object?> { ["qty"] = i % 5, ["price"] = i + .5 }).ToList());
        _field = _compiler.Compile("input.data.tool_input.city");
        _template = _compiler.Compile("`Weather in ${input.data.tool_input.city} for ${input.id}`");
        _pipeline = _compiler.Compile("items.filter(x => x.qty > 1).map(x => x.price * x.qty).reduce((a, b) => a + b, 0)");
    }

    [Benchmark]
    public object? One_field_of_a_payload() => _field.Evaluate(_scope);

    [Benchmark]
    public object? A_template_with_two_fields() => _template.Evaluate(_scope);

    [Benchmark]
    public object? Filter_map_reduce_over_100_items() => _pipeline.Evaluate(_scope);

    [Benchmark]
    public object? Filter_map_reduce_over_a_list() => _pipeline.Evaluate(_lists);

    [Benchmark]
    public CompiledScript First_compile_of_an_ordinary_expression() =>
        _compiler.Compile($"const order{_sources++} = input.data; order{_sources}?.items.filter(x => x.qty > 1).reduce((a, b) => a + b.price, 0) ?? `none for ${{input.id}}`");
}
