using System.Text.Encodings.Web;
using Automation.Expressions;
using Automation.Expressions.JavaScript;
using Automation.Expressions.Liquid;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Expressions;

/// <summary>The script languages that definitions may use.</summary>
internal static class ScriptHost
{
    public static ScriptLanguages CreateLanguages(TimeProvider time, WorkflowEngineOptions options)
    {
        var limits = ExpressionLimits.Default with { MaxSteps = options.ScriptSteps, MaxMemory = options.ScriptMemory, Timeout = options.ScriptTimeout };
        var javaScript = new JavaScriptCompiler(limits, time, time.LocalTimeZone, new JavaScriptOptions { UpperCaseByLetter = options.ElsaQuirks });
        var liquid = new LiquidCompiler(limits, time, time.LocalTimeZone, new LiquidOptions { Encoder = HtmlEncoder.Default, FluidFilters = options.ElsaQuirks });
        var languages = new ScriptLanguages();
        languages.Add("JavaScript", (source, node) => new WorkflowScript(javaScript.Compile(source), node).Evaluate);
        languages.Add("Liquid", (source, _) => WorkflowTemplate.Compile(liquid, source, options.ElsaQuirks));
        return languages;
    }
}
