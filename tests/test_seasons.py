"""A plot sown in two seasons under one id: two sites, each with the links of its year."""

import pandas as pd
from small_folder import MU_OF_PLOT, VILLAGES, forest_plots, links, write_folder

from eco.records.project import load_project


def juncao(seasons):
    plots = forest_plots()[["geometry"]].iloc[[0] * len(seasons)]
    columns = {"地块号": "J1", "村代码": VILLAGES[0], "面积(亩)": MU_OF_PLOT}
    return plots.assign(**columns, 季=seasons, 种苗="免费", 用途="出售").rename(columns={"季": "种植季(年)"})


def grown(*years):
    rows = {"户编号": "H0000", "地点编号": "J1", "角色": "种植", "数量": 3, "单位": "亩"}
    return pd.DataFrame([{**rows, "年度": year} for year in years])


def test_each_season_is_a_site_with_the_links_of_its_year(tmp_path):
    bonds = pd.concat([links(), grown(2018, 2019)])
    project = load_project(write_folder(tmp_path, juncao_plots=juncao([2018, 2019]), links=bonds))
    assert list(project.juncao_plots["plot_id"]) == ["J1@2018", "J1@2019"]
    bound = project.links[project.links["role"] == "grower"]
    assert list(zip(bound["site_id"], bound["year"])) == [("J1@2018", 2018), ("J1@2019", 2019)]
    (note,) = (item for item in project.findings if item.code == "E-KEY-02")
    assert (note.level, note.table) == ("note", "juncao_plots") and not len(project.left_out)


def test_a_link_of_a_year_without_a_season_is_told(tmp_path):
    bonds = pd.concat([links(), grown(2020)])
    project = load_project(write_folder(tmp_path, juncao_plots=juncao([2018, 2019]), links=bonds))
    (item,) = (item for item in project.findings if item.code == "E-LINK-02")
    assert item.found == "J1@2020" and list(project.left_out["table"]) == ["links"]


def test_one_plot_twice_in_one_season_is_still_double(tmp_path):
    project = load_project(write_folder(tmp_path, juncao_plots=juncao([2018, 2018, 2019])))
    assert [item.code for item in project.findings if item.code.startswith("E-KEY")].count("E-KEY-01") == 2
    assert list(project.juncao_plots["plot_id"]) == ["J1"]
