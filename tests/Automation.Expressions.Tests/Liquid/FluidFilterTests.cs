using System.Text.Encodings.Web;
using Automation.Expressions.Liquid;

namespace Automation.Expressions.Tests.Liquid;

public sealed class FluidFilterTests
{
    [Theory]
    [InlineData("{{ '<é \"x\">' | escape }}", "&amp;lt;&amp;#233; &amp;quot;x&amp;quot;&amp;gt;")]
    [InlineData("{{ '&lt;b>' | escape_once }}", "&amp;lt;b&amp;gt;")]
    [InlineData("{{ '<b>' | escape | raw }}", "&lt;b&gt;")]
    [InlineData("{{ '\"é' | json | raw }}", "\"\\u0022\\u00E9\"")]
    [InlineData("{{ 7.0 | divided_by: 2 }} {{ -7.5 | divided_by: 2 }} {{ 7 | divided_by: 2.0 }} {{ 7 | divided_by: 2 }}", "3 -4 3.5 3")]
    [InlineData("{{ nil | escape }}{{ nil | escape_once }}", "")]
    public void Filters_that_differ_from_Shopify_s_do_as_Fluid_s(string source, string expected) =>
        Assert.Equal(expected, Templates.Render(source, options: new LiquidOptions { Encoder = HtmlEncoder.Default, FluidFilters = true }));
}
